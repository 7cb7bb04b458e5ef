"""Black box: maps that disagree, shuffled weights, twins, edits and a network that cheats."""

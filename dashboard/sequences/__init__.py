"""Words and attention: what networks that read sequences do with the reader's own. Pure."""

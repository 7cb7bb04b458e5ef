"""One picture through one network: maps, their tests, the report and the picture to take away."""

"""Distribution shift: corruptions, calibration, familiarity, networks compared."""

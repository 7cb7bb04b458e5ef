"""Compute cost: the bill of one answer, and 8 bits on the reader's picture."""

"""Families side by side: one answer of each, and what it costs."""

"""Bring your own model: upload, settings and labels of a visitor's network."""

"""Transformer, attention: sentences, heads and patches."""

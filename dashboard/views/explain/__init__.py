"""Explain a photo: the page, its prediction, its choices of class and method, its tested maps."""

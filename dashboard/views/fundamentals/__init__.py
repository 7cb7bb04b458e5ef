"""Fundamentals: a neuron, a network that learns, walks on loss surfaces, polynomials."""

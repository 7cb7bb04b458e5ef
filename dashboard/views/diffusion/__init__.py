"""Diffusion: a picture out of noise, step by step."""

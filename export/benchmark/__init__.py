"""How fast, and how large, next to Captum on torch."""

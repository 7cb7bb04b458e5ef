"""CNN, the eyes: layers and units on the reader's picture."""

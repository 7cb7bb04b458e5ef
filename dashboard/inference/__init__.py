"""From a file on disk and a picture to logits and gradients: cards, pictures, ONNX Runtime."""

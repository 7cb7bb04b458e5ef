"""From a file of ours and any picture to logits and gradients: cards, pictures, ONNX Runtime."""

"""How a model comes to be: training, ONNX, and the gradient graph."""

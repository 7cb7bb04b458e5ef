"""How a model comes to be: training, ONNX, and the gradient graph."""

import os

# As in the dashboard: ONNX Runtime asks for this when it is imported, and would report its use.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

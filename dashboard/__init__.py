"""The Streamlit app: what a reader sees, and the pure computations behind it."""

import os

# ONNX Runtime's wheels report their use: on import they write an id of the machine under the home
# folder, and look a host up later. They ask the environment once, when they are imported, and
# nothing of this package is imported before this line, in the sandbox's process as in the app.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

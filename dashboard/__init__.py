"""The Streamlit app: what a reader sees, and the pure computations behind it."""

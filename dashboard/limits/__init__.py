"""The limits of deep learning, measured: what shift, opaque maps, few data and cost do."""

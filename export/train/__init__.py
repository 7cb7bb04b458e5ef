"""How the zoo's own networks come to be: one script a family, and what they share.

``python -m export.train`` rebuilds everything, ``python -m export.train.cnn --help`` one family.
Training writes checkpoints into a folder that git ignores; the artifact in the zoo is replaced only
when the trained network has passed its floor and the exported graph equals it.
"""

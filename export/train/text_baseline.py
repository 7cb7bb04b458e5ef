"""What a network must be compared with: weighted word counts and logistic regression.

TF-IDF (Sparck Jones 1972) of words and pairs of neighbours, then logistic regression: no order
beyond two words, no embedding, no memory. Its settings are usual ones, fixed before the held-out
reviews were looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from export.datasets.imdb import Reviews, split_words
from export.train.checkpoint import Checkpoint

WHAT = (
    "TF-IDF of words and word pairs (in 2 reviews or more, logarithmic counts) with logistic "
    "regression (C = 10), trained on the same 20,000 reviews"
)


def classify(train: Reviews, test: Reviews, checkpoint: Checkpoint) -> NDArray[np.int64]:
    """Return the baseline's answers on ``test``; they are kept, the three networks share them."""
    state = checkpoint.load({"train": len(train), "test": len(test), "what": WHAT})
    if state is None:
        vectorizer = TfidfVectorizer(
            tokenizer=split_words,
            token_pattern=None,
            lowercase=False,
            ngram_range=(1, 2),
            min_df=2,
            sublinear_tf=True,
        )
        counts = vectorizer.fit_transform(train.texts)
        model = LogisticRegression(C=10.0, max_iter=300).fit(counts, train.labels)
        answers = model.predict(vectorizer.transform(test.texts))
        state = {"answers": [int(answer) for answer in answers]}
        checkpoint.save(state)
    return np.array(state["answers"], np.int64)

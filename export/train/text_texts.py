"""What the cards of the readers of reviews say to learners."""

from __future__ import annotations

TITLES = {
    "rnn": "Vanilla RNN (film reviews)",
    "lstm": "LSTM (film reviews)",
    "transformer": "Transformer (film reviews)",
}
_TASK = (
    "It reads a film review in English word by word and says whether it is negative or positive; "
    "the verdict, which can be watched after every word, is the average of what it thought at all "
    "words so far. It has seen 20,000 reviews of IMDB, half of them positive, and knows the 15,998 "
    "words most frequent in them."
)
SUMMARIES = {
    "rnn": "A vanilla recurrent network: one state that every word rewrites. " + _TASK,
    "lstm": "A recurrent network whose gates decide what is kept, written and shown. " + _TASK,
    "transformer": "A Transformer: every word looks back at all words before it. " + _TASK,
}
_ALL = (
    "It knows two answers: mixed, neutral or off-topic texts get one of them too. Clear praise or "
    "blame in whole reviews is what it learned; a single sentence, irony, or a plot full of sad "
    "words can mislead it, and any other language or kind of text is new to it. Words it does not "
    "know are read as 'unknown'; of a long review it reads the last 400 words. The held-out "
    "reviews may be about films that training reviews were about as well. "
)
_OWN = {
    "rnn": "Because it is judged by the average over all words, it does well without remembering "
    "far: see how its gradient fades with distance.",
    "lstm": "Its gates are 128 each and no single one stands for a meaning that has a name.",
    "transformer": "It looks back only, never ahead, and its attention shows where it read, not "
    "why it answered: compare it with the gradients.",
}


def describe_limits(name: str, right: int, baseline: int, count: int) -> str:
    """Return the card's limits: of ``count`` held-out reviews network and baseline get these."""
    if baseline > right:
        rank = "better than this network: for verdicts alone it would be the better choice"
    elif baseline == right:
        rank = "as good as this network"
    else:
        rank = "not as good as this network"
    return (
        f"{_ALL}{_OWN[name]} Counting words and word pairs (TF-IDF with logistic regression, no "
        f"network) gets {100 * baseline / count:.1f} % of the same held-out reviews right, {rank}."
    )

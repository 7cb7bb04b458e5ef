"""Which class is explained, and against which."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.widgets.option_select import select_option

PREDICTED = -1  # whatever the network says
NOTHING = -1  # not contrasted with any class

_TARGET = "target"
_VERSUS = "versus"
_SUBJECT = "classes_subject"


def reset_classes() -> None:
    """Go back to explaining the prediction: another photo makes an old choice meaningless."""
    state.put(_TARGET, PREDICTED)
    state.put(_VERSUS, NOTHING)


def reset_classes_of_another(subject: str) -> None:
    """Reset both choices where they were made for another subject (a name for photo and labels)."""
    last = state.get(_SUBJECT, "")
    if last and last != subject:
        reset_classes()
    state.put(_SUBJECT, subject)


def select_classes(labels: Sequence[str], ranking: Sequence[int]) -> tuple[int, int | None]:
    """Draw both choices and return (target, versus or None), class indices.

    ``ranking`` lists the most probable classes first; they head the list of all classes.
    """
    rest = sorted(set(range(len(labels))) - set(ranking), key=lambda index: labels[index].lower())
    classes = (*ranking, *rest)

    chosen = select_option(
        _TARGET,
        "Explain the class",
        PREDICTED,
        (PREDICTED, *classes),
        lambda i: f"The prediction: {labels[ranking[0]]}" if i < 0 else labels[i],
        help="The maps show what speaks for this class, whether or not the network predicts it.",
    )
    target = ranking[0] if chosen == PREDICTED else chosen
    against = select_option(
        _VERSUS,
        "Against",
        NOTHING,
        (NOTHING, *classes),
        lambda i: "Nothing: its own score" if i < 0 else labels[i],
        help="Contrastive: what speaks for the one class rather than the other. "
        "The score explained is the difference of the two logits.",
    )
    if against == target:
        st.caption("A class cannot be contrasted with itself: its own score is explained.")
    return target, None if against in (NOTHING, target) else against

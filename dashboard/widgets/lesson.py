"""The frame that all lessons share: what to look for, a question, how it works, the sources.

A ``View`` draws it around what its page draws; the live figure comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state

_ANSWERS = "lesson_answers"  # question key -> (chosen, is right): the first answer counts


@dataclass(frozen=True)
class Quiz:
    """Predict, then reveal: ``right`` is the index of the right option.

    ``reveal`` is what the reader is told afterwards; it should say what on the page shows it.
    """

    key: str
    text: str
    options: tuple[str, ...]
    right: int
    reveal: str


@dataclass(frozen=True)
class Source:
    """Where a claim comes from: a paper, a table, a page."""

    text: str
    url: str


def draw_question(question: Quiz) -> None:
    """Ask before showing: the reader answers, then sees what is right and the score so far."""
    answers: dict[str, tuple[int, bool]] = state.get(_ANSWERS, {})
    given = answers.get(question.key)
    with st.container(border=True):
        st.markdown(f"**Predict first.** {question.text}")
        chosen = st.radio(
            question.text,
            range(len(question.options)),
            format_func=lambda index: question.options[index],
            index=None if given is None else given[0],
            key=f"question_{question.key}",
            disabled=given is not None,
            label_visibility="collapsed",
        )
        if given is None:
            # A callback runs before the page is drawn: the answer is fixed in one rerun.
            st.button(
                "Reveal",
                key=f"reveal_{question.key}",
                disabled=chosen is None,
                on_click=_keep_answer,
                args=(question,),
            )
            return
        mark = "✅ Right." if given[1] else f"❌ It is: {question.options[question.right]}."
        st.markdown(f"{mark} {question.reveal}")
        right, answered = get_score()
        st.caption(f"Your score so far: {right} of {answered}.")


def ask(question: Quiz, title: str) -> DeltaGenerator:
    """Ask, and return the folder of what was measured: it opens with the answer."""
    draw_question(question)
    return st.expander(title, expanded=is_answered(question))


def _keep_answer(question: Quiz) -> None:
    chosen: int | None = state.get(f"question_{question.key}", None)
    if chosen is not None:
        answers: dict[str, tuple[int, bool]] = state.get(_ANSWERS, {})
        state.put(_ANSWERS, {**answers, question.key: (chosen, chosen == question.right)})


def get_score() -> tuple[int, int]:
    """Return how many questions this session has answered right, and how many in all."""
    answers: dict[str, tuple[int, bool]] = state.get(_ANSWERS, {})
    return sum(is_right for _, is_right in answers.values()), len(answers)


def is_answered(question: Quiz) -> bool:
    """Return whether the reader has answered: what gives the answer away may then be opened."""
    answers: dict[str, tuple[int, bool]] = state.get(_ANSWERS, {})
    return question.key in answers


def draw_theory(text: str, title: str = "How it works") -> None:
    """Fold the explanation (markdown, formulas in LaTeX) underneath."""
    with st.expander(title):
        st.markdown(text)


def draw_sources(sources: Sequence[Source]) -> None:
    """Draw the sources of the page's claims."""
    links = " · ".join(f"[{source.text}]({source.url})" for source in sources)
    st.caption(f"Sources: {links}")

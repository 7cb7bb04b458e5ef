"""The recall task on the page: a row of letters, three networks, and curves from their cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import cache
from dashboard.inference.cards import ModelCard
from dashboard.inference.counts import tell_share
from dashboard.sequences.recall import MAX_LAG, Game, play, read_accuracy, read_gradient_norms
from dashboard.views.rnn.charts import plot_over_distance
from dashboard.views.rnn.first_weights import describe_first_weights
from dashboard.views.rnn.memory_text import make_key
from dashboard.widgets.lesson import Quiz, ask, is_answered
from dashboard.widgets.option_select import select_seed, slide_option

NETWORKS = {"Vanilla RNN": "rnn.recall", "LSTM": "lstm.recall", "Transformer": "transformer.recall"}
# How they were trained: with short rows among the long ones, or all lengths equally likely.
FILES = {"near": "predict.onnx", "even": "even.onnx"}
HOW = {"near": "with short rows too", "even": "on all lengths alike"}
LAG, SEED = "memory.lag", "memory.seed"
LAGS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
_SHOWN = 48  # letters of a row; the middle of longer ones is left out


def draw_recall() -> None:
    """Draw the game at the chosen lag, then how hard the task is to learn."""
    cards = {title: cache.get_model_card(name) for title, name in NETWORKS.items()}
    left, right = st.columns([1, 2], gap="large")
    with left:
        lag = int(slide_option(LAG, "Letters in between", 64.0, LAGS))
        seed = select_seed(SEED, 0)
    symbols = cards["LSTM"].labels
    question = create_question(cards)
    # What the others do would give the answer away.
    protocols = tuple(FILES) if is_answered(question) else ("near",)
    with right, st.spinner("Reading letters …", show_time=True):
        games = {how: _play(how, symbols, lag, seed) for how in protocols}
    with right:
        st.markdown(f"Which letter came first? `{_shorten(games['near'].letters)} ?`")
        st.markdown(describe_games(games))
    with ask(question, "Can hold, hard to learn: measured"):
        _draw_curves(cards)
        st.markdown(describe_first_weights(cards))


def _play(protocol: str, symbols: Sequence[str], lag: int, seed: int) -> Game:
    graphs = {title: cache.get_graph(name, FILES[protocol]) for title, name in NETWORKS.items()}
    return cache.get_results().get_or_compute(
        make_key("recall", protocol, lag, seed), lambda: play(graphs, symbols, lag, seed)
    )


def _shorten(letters: str) -> str:
    if len(letters) <= _SHOWN:
        return letters
    half = _SHOWN // 2
    return f"{letters[:half]} … {len(letters) - 2 * half} more … {letters[-half:]}"


def describe_games(games: Mapping[str, Game]) -> str:
    """Return what the networks of each protocol make of the row, as a table (Markdown)."""
    game = next(iter(games.values()))
    heads = "".join(f" trained {HOW[how]} | right of {game.tries} |" for how in games)
    lines = [f"| network |{heads}", "|---|" + "---|---|" * len(games)]
    for name in game.answers:
        cells = "".join(_describe_answer(each, name) for each in games.values())
        lines.append(f"| {name} |{cells}")
    return "\n".join(lines)


def _describe_answer(game: Game, name: str) -> str:
    letter, probability = game.answers[name]
    mark = "✅" if letter == game.first else "❌"
    return f" {mark} {letter} ({tell_share(probability)}) | {tell_share(game.shares[name])} |"


def create_question(cards: Mapping[str, ModelCard]) -> Quiz:
    """Return the question on learning without short rows; what is right is on the cards."""
    far = {name: read_accuracy(card, "even")[MAX_LAG] for name, card in cards.items()}
    names = tuple(far)
    chance = float(next(iter(cards.values())).details["chance"])
    told = ", ".join(f"{name} {share:.0f} %" for name, share in far.items())
    return Quiz(
        key="memory_recall",
        text="All three can do it. They were shown short rows among the long ones while they "
        f"learnt. Had all lengths up to {MAX_LAG} been equally likely, which one would still have "
        "learnt it in the same task?",
        options=names,
        right=max(range(len(names)), key=lambda i: far[names[i]]),
        reveal=f"At {MAX_LAG} letters: {told}; chance is {chance:.1f} %. Recurrent networks *can "
        "hold* the letter, but from such first weights the signal to learn from fades on the way "
        "back: *hard to learn*. Attention reaches any letter in one step, whatever it starts from.",
    )


def _draw_curves(cards: Mapping[str, ModelCard]) -> None:
    chance = float(next(iter(cards.values())).details["chance"])
    protocols = {
        "near": "**Can hold:** trained with short rows among the long ones",
        "even": "**Hard to learn:** trained with all lengths equally likely",
    }
    for column, (protocol, title) in zip(
        st.columns(2, gap="large"), protocols.items(), strict=True
    ):
        lines = {name: read_accuracy(card, protocol) for name, card in cards.items()}
        with column:
            st.markdown(f"{title} (dashed: chance)")
            st.vega_lite_chart(
                plot_over_distance(
                    lines, "letters in between", "right, %", is_logarithmic=False, floor=chance
                ),
                width="stretch",
            )
    moments = {"untrained": "before any training", "trained": "after it, short rows among the long"}
    for column, (moment, when) in zip(st.columns(2, gap="large"), moments.items(), strict=True):
        norms = {name: read_gradient_norms(card, moment) for name, card in cards.items()}
        with column:
            st.markdown(f"**What the first letter can teach** {when}: its gradient's norm")
            st.vega_lite_chart(
                plot_over_distance(norms, "letters in between", "norm", is_logarithmic=True),
                width="stretch",
            )
    st.caption(
        "All figures are from the cards, 1,000 new rows a point; gradients in torch, norms under "
        "1e-12 drawn there. After training the losses are small and the gradients with them: "
        "compare how the lines fall, not their heights."
    )

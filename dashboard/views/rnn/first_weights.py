"""Why a gated memory learnt less than a plain one here: what the first weights decide."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dashboard.inference.cards import ModelCard
from dashboard.inference.counts import tell_share
from dashboard.sequences.recall import FAR, MAX_LAG, FirstWeights, read_accuracy, read_first_weights

_USUAL_BIAS = 1.0  # of a forget gate at the start
RNN, LSTM = "Vanilla RNN", "LSTM"


def describe_first_weights(cards: Mapping[str, ModelCard]) -> str:
    """Return (Markdown) why the LSTM is behind on all lengths alike, and what changes that.

    "" where it is not behind, or where no other start was measured.
    """
    far = {name: read_accuracy(cards[name], "even")[MAX_LAG] for name in (RNN, LSTM)}
    starts = {name: read_first_weights(cards[name]) for name in (RNN, LSTM)}
    if far[LSTM] >= far[RNN] or not starts[LSTM]:
        return ""
    steps, loss = cards[LSTM].details["even"]["training"]["history"][-1]
    symbols = len(cards[LSTM].labels)
    gate = 1 / (1 + math.exp(-_USUAL_BIAS))
    said = (
        f"**Why is the LSTM behind the vanilla RNN here** ({far[LSTM]:.1f} % against "
        f"{far[RNN]:.1f} % at {MAX_LAG} letters)**?** It never began: after {steps} steps its loss "
        f"is {loss:.2f}, and guessing among {symbols} letters costs ln {symbols} = "
        f"{math.log(symbols):.2f}. Its forget gates start at {gate:.2f} (a bias of 1, the usual "
        f"choice), so a cell is halved every {math.log(0.5) / math.log(gate):.1f} letters and "
        "next to nothing of the first letter is left to learn from; the RNN starts from a "
        "rotation, which keeps its state's length. That is a matter of first weights, not of "
        "LSTMs, as the same training shows, run again from these and from others, some seeds each:"
    )
    return f"{said}\n\n{_tell_table(starts)}"


def _tell_table(starts: Mapping[str, tuple[FirstWeights, ...]]) -> str:
    rows = [
        f"| network | first weights | gradient left {FAR} letters back, untrained | right at "
        f"{MAX_LAG}, by seed |",
        "|---|---|---|---|",
    ]
    for name, several in starts.items():
        for start in several:
            shares = ", ".join(tell_share(share / 100) for share in start.shares)
            rows.append(f"| {name} | {start.what} | {tell_share(start.left, 1)} | {shares} |")
    return "\n".join(rows)

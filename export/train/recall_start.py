"""What a start is worth: the recall task on all lengths alike, from other first weights.

``python -m export.train.recall_start``: the LSTM as it was trained and with forget gates that start
near 1, the RNN as it was trained and from the usual first weights; the same recipe as the networks
"even" of ``recall``, several seeds each. Minutes; the cards of the recall networks are told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import torch
from models.recall_lstm import RecallLSTM, create_recall_lstm
from models.recall_rnn import RecallRNN, create_recall_rnn
from torch import Tensor, nn

from export.card import CARD_FILE, ModelCard, decode_card, write_card
from export.datasets.recall import LAGS, MAX_LAG
from export.train.options import Options
from export.train.recall import EVEN, TINY_EVEN
from export.train.recall_fit import compute_gradient_norms, create_test, fit
from export.train.recall_texts import LIMITS
from export.train.script import run_script

SEEDS = 3
_TESTS, _TINY_TESTS = 1_000, 16
_GRADIENTS = 62  # sequences, as for the other gradients on the cards


@dataclass(frozen=True)
class Start:
    """First weights of a network: ``what`` they are, for a reader."""

    name: str
    network: str
    what: str
    create: Callable[[], nn.Module]


def create_open_lstm() -> RecallLSTM:
    """Return an LSTM whose cells start with memories of 1 to 256 steps.

    The forget gate's bias is the logarithm of a time drawn evenly up to the longest lag, the input
    gate's its negative: Tallec and Ollivier 2018, arXiv 1804.11188, section 3 ("chrono").
    """
    model = create_recall_lstm()
    hidden = model.recurrent.hidden_size
    times = torch.empty(hidden).uniform_(1, MAX_LAG - 1).log()
    with torch.no_grad():  # gates are stored as input, forget, cell, output
        bias = cast(Tensor, model.recurrent.bias_ih_l0)
        bias[hidden : 2 * hidden], bias[:hidden] = times, -times
        cast(Tensor, model.recurrent.bias_hh_l0)[: 2 * hidden] = 0.0
    return model


def create_usual_rnn() -> RecallRNN:
    """Return a vanilla RNN from torch's own first weights, even within +-1/sqrt(hidden)."""
    model = create_recall_rnn()
    bound = model.recurrent.hidden_size**-0.5
    nn.init.uniform_(cast(Tensor, model.recurrent.weight_hh_l0), -bound, bound)
    return model


STARTS = (
    Start("as_trained", "lstm", "forget gates that start at 0.73 (bias 1)", create_recall_lstm),
    Start("open", "lstm", "forget gates that start near 1, for up to 256 steps", create_open_lstm),
    Start("as_trained", "rnn", "a rotation as recurrent weights", create_recall_rnn),
    Start("usual", "rnn", "small random recurrent weights", create_usual_rnn),
)


def measure(start: Start, seed: int, options: Options) -> dict[str, Any]:
    """Return the loss at the end and the share of right answers by lag, trained unless it was."""
    recipe, tests = (TINY_EVEN, _TINY_TESTS) if options.tiny else (EVEN, _TESTS)
    checkpoint = options.open_checkpoint(f"recall_start/{start.network}_{start.name}_{seed}")
    state = fit(start.create, recipe, seed, checkpoint, f"{start.network}, {start.name}, {seed}")
    return {
        "seed": seed,
        "loss": round(state.losses[-1][1], 5),
        "seconds": round(state.meter.seconds, 1),
        "accuracy": {str(lag): compute_accuracy(state.model, lag, tests) for lag in LAGS},
    }


@torch.no_grad()
def compute_accuracy(model: nn.Module, lag: int, count: int) -> float:
    """Return the percentage of test rows of a lag whose first symbol is recalled; in torch."""
    data = create_test(count, lag)
    answers = model(torch.from_numpy(data.tokens)).argmax(1).numpy()
    return round(100 * float((answers == data.answers).mean()), 2)


def describe(start: Start, options: Options) -> dict[str, object]:
    """Return what a card tells of a start: its gradient before any training, and all its runs."""
    torch.manual_seed(options.seed)
    return {
        "name": start.name,
        "what": start.what,
        "gradient_norm": compute_gradient_norms(start.create().eval(), _GRADIENTS),
        "runs": [measure(start, seed, options) for seed in range(SEEDS)],
    }


def write(options: Options) -> None:
    """Train and measure every start, then tell the cards."""
    found: dict[str, list[dict[str, object]]] = {}
    for start in STARTS:
        found.setdefault(start.network, []).append(describe(start, options))
        print(f"{start.network}, {start.what}: done", flush=True)
    for network, starts in found.items():
        tell_card(network, starts, options)


def tell_card(network: str, starts: Sequence[Mapping[str, object]], options: Options) -> None:
    """Write what was measured into the card of a recall network, and its limits as they are now."""
    folder = options.zoo / f"{network}.recall"
    card = decode_card((folder / CARD_FILE).read_bytes(), ModelCard)
    told = {
        "what": "the same training from other first weights, several seeds; accuracy in percent by "
        "lag, gradient_norm before any training as above",
        "command": "python -m export.train.recall_start",
        "starts": starts,
    }
    even = {**card.details["even"], "first_weights": told}
    changed = replace(card, limits=LIMITS[network], details={**card.details, "even": even})
    write_card(changed, folder)


main = partial(run_script, "recall_start", __doc__, write)


if __name__ == "__main__":
    sys.exit(main())

"""RNN against Transformer: the lecture's table, every cell measured and read from the cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.inference.cards import ModelCard

FAR = "256"  # letters in between, the farthest measured
SHORT, LONG = "16", "256"  # letters in a row whose training speed is compared
_DEVICES = {"cpu": "CPU", "cuda": "GPU"}


@dataclass(frozen=True)
class Row:
    """One line: ``cells`` in the order of the columns; ``how`` says how it was measured."""

    title: str
    cells: tuple[str, ...]
    how: str


def create_rows(
    recall: Sequence[ModelCard], reviews: Sequence[ModelCard], chains: Sequence[int]
) -> list[Row]:
    """Return the table's lines for networks given in the same order.

    ``recall`` and ``reviews`` are the cards of the two tasks; ``chains`` how many products must
    wait for one another over ``LONG`` letters.
    """
    return [
        Row(
            "Sequential or parallel",
            tuple(
                f"{'sequential' if chain >= int(LONG) else 'parallel'}: {chain:,} steps in a row"
                for chain in chains
            ),
            f"matrix products that must wait for one another over {LONG} letters, counted in the "
            "graph",
        ),
        *_describe_recall(recall),
        *_describe_speed(recall),
        Row(
            "Training in all",
            tuple(_describe_training(card) for card in recall),
            "until the recall task was learnt as above, time and estimated energy",
        ),
        Row(
            "Size",
            tuple(f"{card.parameters:,}" for card in recall),
            "parameters, made alike on purpose",
        ),
        Row(
            "Work for one row",
            tuple(f"{card.macs / 1e6:.2f} M" for card in recall),
            "multiply-accumulates, from the cards",
        ),
        Row(
            "Film reviews",
            tuple(f"{card.metrics['accuracy'].value:.1f} %" for card in reviews),
            f"right of {reviews[0].metrics['accuracy'].n:,}; word counts without any network: "
            f"{reviews[0].metrics['baseline'].value:.1f} %",
        ),
    ]


def _describe_recall(cards: Sequence[ModelCard]) -> list[Row]:
    trained = tuple(f"{card.metrics[f'lag/{FAR}'].value:.0f} %" for card in cards)
    even = tuple(f"{card.details['even']['accuracy'][FAR]['value']:.0f} %" for card in cards)
    chance = cards[0].details["chance"]
    steps, _ = cards[0].details["even"]["training"]["history"][-1]
    return [
        Row(
            "Can hold",
            trained,
            f"first letter recalled over {FAR} others, after training with short rows among the "
            f"long ones; chance {chance:.1f} %",
        ),
        Row(
            "Hard to learn",
            even,
            f"the same after {steps} steps from one start each, when all lengths were equally "
            "likely in training, without short ones to lead the way",
        ),
    ]


def _describe_speed(cards: Sequence[ModelCard]) -> list[Row]:
    rows = []
    for device, name in _DEVICES.items():
        if any(device not in card.details["throughput"] for card in cards):
            continue
        machine = cards[0].details["throughput"].get("machine", "") if device == "cpu" else ""
        for length in (SHORT, LONG):
            rows.append(
                Row(
                    f"Training speed, {name}, {length} letters",
                    tuple(
                        f"{card.details['throughput'][device][length] * int(length) / 1e3:,.0f} "
                        "k letters/s"
                        for card in cards
                    ),
                    "forward and backward, batches of 32" + (f"; {machine}" if machine else ""),
                )
            )
    return rows


def _describe_training(card: ModelCard) -> str:
    assert card.training is not None  # all of these were trained here
    return f"{card.training.seconds:.0f} s, {card.training.energy.value:.2f} Wh"


def find_fastest(cards: Mapping[str, ModelCard], length: str = LONG) -> str:
    """Return the name of the network that trains fastest on the CPU at this length."""
    return max(cards, key=lambda name: cards[name].details["throughput"]["cpu"][length])


def render_markdown(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return the table in Markdown, and under it how each line was measured."""
    head = ["", *columns]
    lines = [head, ["---"] * len(head)]
    lines += [[f"**{row.title}**", *row.cells] for row in rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = " ".join(f"*{row.title}*: {row.how}." for row in rows)
    return f"{table}\n\nHow each line was measured. {notes}"

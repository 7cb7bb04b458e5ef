"""What one answer costs, and the table that sets the families side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dashboard.families.descriptions import Family
from dashboard.inference.cards import ModelCard
from dashboard.inference.latency import Latency

HEADS = ("Time of an answer, here", "Work", "Parameters", "Energy to train", "Order of work")


@dataclass(frozen=True)
class Cost:
    """A family's network and one pass through it; an answer takes ``passes`` one after another."""

    family: Family
    card: ModelCard
    latency: Latency
    passes: int
    counted: str

    @property
    def macs(self) -> int:
        """Multiply-accumulates of an answer."""
        return self.card.macs * self.passes

    @property
    def answer(self) -> Latency:
        """Milliseconds an answer, from those of a pass."""
        one, n = self.latency, self.passes
        return Latency(one.p50 * n, one.p95 * n, one.low * n, one.high * n, one.n)

    @property
    def uses(self) -> float:
        """How often an answer multiplies by a parameter, on average."""
        return self.macs / self.card.parameters


def describe_cost(cost: Cost) -> tuple[str, ...]:
    """Return the cells under ``HEADS``."""
    time = cost.answer
    energy = cost.card.training.energy if cost.card.training else None
    return (
        f"{write(time.p50)} ms ({write(time.low)}–{write(time.high)})",
        f"{write(cost.macs / 1e6)} M MACs, {cost.counted}",
        f"{cost.card.parameters:,}",
        f"{energy.value:.1f} Wh ({energy.low:.1f}–{energy.high:.1f})" if energy else "not measured",
        cost.family.order,
    )


def write(value: float) -> str:
    """Return a figure to three digits, in full."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def render_table(costs: Sequence[Cost]) -> str:
    """Return the table in HTML: each cell bears its column's name, for where there is no room."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in ("Family", *HEADS))
    rows = "".join(_render_row(cost) for cost in costs)
    return (
        '<table class="families"><caption>What one answer costs, by family</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _render_row(cost: Cost) -> str:
    cells = "".join(
        f'<td data-head="{escape(head)}">{escape(text)}</td>'
        for head, text in zip(HEADS, describe_cost(cost), strict=True)
    )
    return f'<tr><th scope="row">{escape(cost.family.name)}</th>{cells}</tr>'

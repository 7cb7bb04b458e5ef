"""The cost report of one network: size, work, time here and now, energy and carbon dioxide."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.cache import ResultStore
from dashboard.inference.activation_memory import find_peak
from dashboard.inference.cards import PREDICT_FILE, Training
from dashboard.inference.counts import tell_share
from dashboard.inference.latency import Latency, measure_latency
from dashboard.inference.layer_macs import LayerCost, count_layers
from dashboard.inference.providers import count_threads
from dashboard.inference.running import load_structure
from dashboard.inference.sessions import OnnxModel
from dashboard.limits.energy import GRID, Range, estimate_carbon, estimate_energy
from dashboard.uploads.cost import count_upload
from dashboard.uploads.model import UploadedModel
from dashboard.views.cost.charts import plot_layers
from dashboard.widgets.lesson import Quiz, ask
from dashboard.widgets.measured import Measured, draw_moment, get_turn, measure
from dashboard.widgets.option_select import select_option, slide_option

REGION, ANSWERS = "cost.region", "cost.answers"
TIMES = "cost"  # the page's times, which are measured again together
_COUNTS = (1, 1_000, 1_000_000, 1_000_000_000)
_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class CostReport:
    """What one answer of a network takes. ``key`` names the network; ``answer`` has it given once.

    ``peak`` is the most numbers alive at once beside the weights, ``stored`` bytes of ``files``;
    ``training`` is the card's, None where nobody told what it took; ``declared`` the card's MACs.
    """

    key: str
    parameters: int
    layers: Sequence[LayerCost]
    peak: int
    stored: int
    files: str
    provider: str
    answer: Callable[[], object]
    training: Training | None = None
    declared: int | None = None

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one answer."""
        return sum(layer.macs for layer in self.layers)

    @property
    def is_on_cpu(self) -> bool:
        """Whether it runs on processor cores."""
        return not self.provider.startswith("GPU")


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page that is about no single picture."""
    return ("cost", *what)


def create_cost_report(name: str, model: OnnxModel) -> CostReport:
    """Return the cost report of a network of the zoo."""
    card = model.card
    layers, peak = cache.get_results().get_or_compute(
        make_key(model.sha256, "layers"), lambda: _count(cache.ZOO / name / PREDICT_FILE)
    )
    inputs = np.zeros((1, *model.input_shape), np.float32)
    return CostReport(
        key=model.sha256,
        parameters=card.parameters,
        layers=layers,
        peak=peak,
        stored=sum((cache.ZOO / name / file).stat().st_size for file in card.files),
        files="as stored, both graphs and weights",
        provider=model.provider,
        answer=lambda: model.predict(inputs),
        training=card.training,
        declared=card.macs,
    )


def _count(path: Path) -> tuple[list[LayerCost], int]:
    structure = load_structure(path)
    return count_layers(structure), find_peak(structure)


def create_own_report(model: UploadedModel) -> CostReport:
    """Return the cost report of this visitor's network; raises UploadError."""
    cost = cache.get_own_space().results.get_or_compute(
        make_key(model.key, "layers"), lambda: count_upload(model.file, model.spec)
    )
    inputs = np.zeros((1, *model.input_shape), np.float32)
    return CostReport(
        key=model.key,
        parameters=model.file.inspection.n_parameters,
        layers=cost.layers,
        peak=cost.peak,
        stored=model.file.size,
        files="as you sent it",
        provider=model.provider,
        answer=lambda: model.predict(inputs),
    )


def draw_cost_report(report: CostReport, store: ResultStore) -> None:
    """Draw what one answer costs, then what many do, then where the work is."""
    timed = _measure(report, store)
    latency = timed.value
    _draw_metrics(report, latency)
    draw_moment(TIMES, timed.moment)
    _draw_energy(report, latency)
    st.subheader("Where is the work?")
    question = create_question(report.layers)
    with ask(question, "The measurement"):
        st.vega_lite_chart(plot_layers(report.layers), width="stretch")
        told = f"Together {report.macs:,}"
        told += "." if report.declared is None else f"; the card says {report.declared:,}."
        st.caption(
            "Counted in the graph itself: convolutions and matrix products, as in the papers. "
            f"{told}"
        )


def _measure(report: CostReport, store: ResultStore) -> Measured[Latency]:
    def compute() -> Measured[Latency]:
        with st.spinner("Timing this network on this machine …"):
            return measure(lambda: measure_latency(report.answer, _SECONDS))

    key = make_key(report.key, "latency", report.provider, get_turn(TIMES))
    return store.get_or_compute(key, compute)


def _draw_metrics(report: CostReport, latency: Latency) -> None:
    columns = st.columns(4)
    columns[0].metric("Parameters", _shorten(report.parameters), help="numbers that it has learnt")
    columns[1].metric(
        "Multiply-accumulates", _shorten(report.macs), help="for one answer, counted in the graph"
    )
    columns[2].metric(
        "Time of an answer",
        f"{latency.p50:.2f} ms",
        help=f"median of {latency.n} runs, one picture at a time, on {report.provider}",
    )
    columns[3].metric("Files", f"{report.stored / 1e6:.1f} MB", help=report.files)
    st.caption(
        f"Measured on {report.provider}: median {latency.p50:.2f} ms (95 % interval "
        f"{latency.low:.2f} to {latency.high:.2f}), one run in twenty takes longer than "
        f"{latency.p95:.2f} ms; {report.macs / latency.p50 / 1e6:.1f} billion "
        f"multiply-accumulates a second. In memory its weights take "
        f"{4 * report.parameters / 1e6:.1f} MB as 32-bit numbers, what it passes from layer to "
        f"layer at most {4 * report.peak / 1e6:.2f} MB more, if each is dropped once it is no "
        "longer needed."
    )


def _draw_energy(report: CostReport, latency: Latency) -> None:
    st.subheader("Energy and carbon dioxide")
    left, right = st.columns([1, 2], gap="large")
    with left:
        region = select_option(
            REGION,
            "Where the power comes from",
            "Germany",
            tuple(GRID),
            lambda each: f"{each}: {GRID[each]:.0f} g/kWh",
        )
        count = slide_option(ANSWERS, "Answers", _COUNTS[2], _COUNTS, "{:,}".format)
    rows = _list_answers(report, latency, count)
    if report.training is not None:
        energy = report.training.energy
        rows.append(("Its training", Range(energy.low, energy.high)))
    lines = ["| | energy | CO₂ |", "|---|---|---|"]
    lines += [
        f"| **{title}** | {_format(energy, 'Wh')} | "
        f"{_format(estimate_carbon(energy, region), 'g')} |"
        for title, energy in rows
    ]
    with right:
        if rows:
            st.markdown("\n".join(lines))
        st.caption(_describe_energy(report, latency))


def _list_answers(report: CostReport, latency: Latency, count: int) -> list[tuple[str, Range]]:
    if not report.is_on_cpu:
        return []
    return [("These answers", estimate_energy(latency.p50, count_threads()).scale(count))]


def _describe_energy(report: CostReport, latency: Latency) -> str:
    training, cores = report.training, count_threads()
    told = (
        f"Estimated, not measured: {cores} busy cores at 2 to 20 W each, for the median time above."
        if report.is_on_cpu
        else "What a GPU draws for an answer is not known here, so it is not told."
    )
    told += " CO₂ by the grid's mean of 2023."
    if training is None:
        source = "its card does" if report.declared is not None else "its file does"
        return told + f" It was trained by others, and {source} not tell what that took."
    told += f" Its training: {training.energy.how}."
    if not report.is_on_cpu:
        return told
    even = training.energy.low / estimate_energy(latency.p50, cores).low
    return told + f" It cost as much as about {_shorten(even)} answers."


def create_question(layers: Sequence[LayerCost]) -> Quiz:
    """Return the question on where the work is; what is right was counted."""
    total = sum(layer.macs for layer in layers)
    weights = sum(layer.weights for layer in layers)
    third = max(1, len(layers) // 3)
    parts = [layers[:third], layers[third:-third] or layers[third:], layers[-third:]]
    shares = [sum(layer.macs for layer in part) / total for part in parts]
    most = max(range(3), key=lambda i: shares[i])
    last = sum(layer.weights for layer in parts[2]) / max(weights, 1)
    first, middle, deep = map(tell_share, shares)
    return Quiz(
        key=f"cost_layers_{len(layers)}_{total}",
        text="In which third of its layers does this network multiply most?",
        options=("the first, near the picture", "the middle", "the last, near the answer"),
        right=most,
        reveal=f"{first}, {middle} and {deep}. Work is weights times the places at which they are "
        f"used: the last third holds {tell_share(last)} of the weights, at few places.",
    )


def _shorten(value: float) -> str:
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {name}"
    return f"{value:.3g}"


def _format(values: Range, unit: str) -> str:
    size, prefix = max(
        ((s, p) for s, p in ((1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ")) if values.high >= s),
        default=(1e-6, "µ"),
    )
    return f"{values.low / size:.3g} to {values.high / size:.3g} {prefix}{unit}"

"""What ten times the data are worth: the question, and how far the sweep that answers it is."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.inference.counts import tell_count, tell_share
from dashboard.limits.learning_curve import Point
from dashboard.limits.sweep import SIZE, Sweep
from dashboard.views.data.charts import create_points
from dashboard.widgets.lesson import Quiz


@dataclass(frozen=True)
class Longer:
    """The same network after ``steps`` on all images: its accuracy in percent."""

    steps: int
    accuracy: float


_LEFT = {"to a tenth of it": 0.1, "to about half of it": 0.5, "hardly at all": 0.95}


def describe_state(sweep: Sweep) -> str:
    """Return how long the runs of the law were trained, and how many of the longer are finished."""
    chosen = sweep.choose(SIZE)
    other = sweep.converged
    if other is None:
        finished = "None has been trained to convergence yet."
    else:
        sizes = [f"{runs[0].images:,}" for runs in other.list_runs(SIZE).values()]
        finished = (
            f"Trained to convergence so far: {len(other.runs)} of "
            f"{tell_count(len(other.planned), 'run')}, on {', '.join(sizes) or 'no'} images."
        )
    if chosen is not sweep:
        return (
            f"Every run of the law was trained to its own convergence: until {chosen.held_out:,} "
            f"held-out images said that more no longer helped, at most {chosen.steps:,} steps. "
            f"{finished}"
        )
    return (
        f"Every run of the law had {sweep.steps} steps, few or many images alike: what it shows is "
        f"a budget, not what data can do. {finished}"
    )


def create_question(sweep: Sweep, longer: Longer | None) -> Quiz:
    """Return the question on the last tenfold of data; what is right is what was measured."""
    chosen = sweep.choose(SIZE)
    points = create_points(list(chosen.list_runs(SIZE).values()))
    end = points[-1]
    start = min(points, key=lambda point: abs(point.images - end.images / 10))
    left = end.error / start.error
    texts = tuple(_LEFT)
    trained = (
        "each network trained until more training no longer helped"
        if chosen is not sweep
        else f"the same {sweep.steps} steps of training for each network"
    )
    return Quiz(
        key="data_tenfold",
        text=f"From {start.images:,} to {end.images:,} images, ten times as many, {trained}: the "
        "share of errors falls …",
        options=texts,
        right=min(range(len(texts)), key=lambda i: abs(_LEFT[texts[i]] - left)),
        reveal=f"From {tell_share(start.error, 1)} to {tell_share(end.error, 1)}, "
        f"{tell_share(left)} of what it was. "
        + (
            _explain_data(sweep, points)
            if chosen is not sweep
            else _explain_budget(sweep, start, end, longer)
        ),
    )


def _explain_budget(sweep: Sweep, start: Point, end: Point, longer: Longer | None) -> str:
    """Return why so few steps cannot show what more data do."""
    passes = [sweep.batch * sweep.steps / point.images for point in (start, end)]
    told = (
        f"The budget says that, not the data: {sweep.steps} steps go {passes[0]:.0f} times through "
        f"the smaller set and {passes[1]:.1f} times through the larger one, which has hardly begun "
        "to be learnt."
    )
    if longer is None:
        return told
    return (
        f"{told} After {longer.steps:,} steps on all {end.images:,}, mirrored and shifted as well, "
        f"the same network errs on {tell_share(1 - longer.accuracy / 100, 1)}."
    )


def _explain_data(sweep: Sweep, points: list[Point]) -> str:
    """Return what earlier tenfolds brought, and what a short budget would have shown."""
    first = points[0]
    tenfold = min(points, key=lambda point: abs(point.images - 10 * first.images))
    short = create_points(list(sweep.list_runs(SIZE).values()))
    start, end = min(short, key=lambda point: abs(point.images - short[-1].images / 10)), short[-1]
    return (
        f"The first tenfold, from {first.images:,} images, took it from "
        f"{tell_share(first.error, 1)} to {tell_share(tenfold.error, 1)}. With {sweep.steps} steps "
        "for every size the last tenfold seemed to bring little: from "
        f"{tell_share(start.error, 1)} to {tell_share(end.error, 1)}. Whoever compares sets on one "
        "short budget measures the budget."
    )

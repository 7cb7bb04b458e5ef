"""The runs that trained to their own convergence, one a row: how long each took, what came out."""

from __future__ import annotations

import streamlit as st

from dashboard.inference.counts import tell_count
from dashboard.limits.sweep import Run, Sweep


def draw_runs(sweep: Sweep) -> None:
    """Draw the table, folded, where a run is finished."""
    longer = sweep.converged
    if longer is None or not longer.runs:
        return
    count = tell_count(len(longer.planned), "run")
    with st.expander(f"Trained to convergence so far: {len(longer.runs)} of {count}"):
        st.markdown(tell_runs(longer))
        st.caption(
            f"{longer.held_out:,} of the training images are held out of all runs and say when to "
            f"stop; at most {longer.steps:,} steps of {longer.batch} images. With few images to "
            "learn from nobody would have so many to judge by. The test images decide nothing."
        )


def tell_runs(sweep: Sweep) -> str:
    """Return a table (Markdown) of the finished runs, in their order."""
    rows = [
        "| varied | seed | images | steps | passes | right, % (95 % interval) |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *(_tell_run(run, sweep.batch) for run in sweep.runs)])


def _tell_run(run: Run, batch: int) -> str:
    ended = "" if run.has_converged else ", cut off"
    return (
        f"| {run.kind}, {run.percent:g} % | {run.seed} | {run.images:,} | {run.steps:,}{ended} | "
        f"{batch * run.steps / run.images:,.0f} | {run.accuracy:.1f} ({run.low:.1f} to "
        f"{run.high:.1f}) |"
    )

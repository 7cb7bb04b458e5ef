"""Data dependency: what a network knows is what its training data showed it."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.inference.samples import CLOTHING
from dashboard.limits.sweep import AUGMENTED, NOISE, RARE, SIZE, Run, Sweep, average, read_sweep
from dashboard.views.base import FAIL, View
from dashboard.views.data.charts import Row, plot_lines
from dashboard.views.data.learning_curve import draw_learning_curve
from dashboard.views.data.models import draw_models
from dashboard.widgets.lesson import Quiz, Source, draw_question, is_answered
from dashboard.widgets.photo_input import select_photo

SWEEP = "cnn_sweep.fashion_mnist"

THEORY = r"""
**One network, many training sets.** Every run is the same small CNN with the same number of steps;
only its training set differs. Runs of three seeds differ in the images drawn and in the first
weights.

**The law** is $\text{error}(n) = c + a\,n^{-b}$, fitted to the sizes up to your slider by least
squares of relative residuals. The band is the bootstrap's: the seeds of each size are drawn again
with replacement, the chance of a finite test set is added, and the law is fitted anew, 200 times.
It knows nothing of what the law itself gets wrong, such as a budget of steps that is too short for
more data: compare it with the points that it has not seen.

**Recall** of a class is the share of its test images that are given it. A class with few examples
is rarely guessed, because guessing it rarely paid: a network is right on average, and an average
does not see the rare case. Rare diseases, rare accents and rare accidents are such classes.
"""

SOURCES = (
    Source("Hestness et al. 2017 (learning curves)", "https://arxiv.org/abs/1712.00409"),
    Source("Efron 1979 (bootstrap)", "https://doi.org/10.1214/aos/1176344552"),
    Source("Buda et al. 2018 (class imbalance)", "https://arxiv.org/abs/1710.05381"),
    Source("Rolnick et al. 2017 (label noise)", "https://arxiv.org/abs/1705.10694"),
    Source("Zhang et al. 2017 (memorising noise)", "https://arxiv.org/abs/1611.03530"),
    Source("Xiao et al. 2017 (Fashion-MNIST)", "https://arxiv.org/abs/1708.07747"),
)


def render(model_name: str) -> None:
    """Draw the page; its networks are those of the sweep, whatever the sidebar says."""
    del model_name
    sweep = _open()
    if sweep is None:
        return
    draw_learning_curve(sweep)
    st.subheader("One picture, eight educations")
    _draw_models(sweep)
    st.subheader("The rare class")
    _draw_rare(sweep)
    st.subheader("Wrong labels, and data made from data")
    _draw_noise(sweep)


def _open() -> Sweep | None:
    if not (cache.ZOO / SWEEP).is_dir():
        st.info(
            "The networks of this page are not on this machine: "
            "`python -m export.train.cnn_sweep` trains them."
        )
        return None
    sweep = read_sweep(cache.get_card(SWEEP))
    if sweep is None:
        st.error(f"The card of {SWEEP} does not tell its runs: restore it with `git checkout`.")
    return sweep


def _draw_models(sweep: Sweep) -> None:
    left, right = st.columns([1, 2], gap="large")
    with left:
        chosen = select_photo(CLOTHING)
        st.caption(chosen.caption)
        st.caption(
            "A photo of yours becomes 28 × 28 grey pixels. The networks know garments, bright on "
            "dark, and must answer with one of ten classes, whatever they are shown."
        )
    with right:
        draw_models(SWEEP, sweep, chosen.photo)
        st.caption(
            "Slide to 60 images: that network has a map too, and no map tells how much a network "
            "knows. The trivial map never changes, whoever is asked."
        )


def _draw_rare(sweep: Sweep) -> None:
    groups, index = sweep.list_runs(RARE), sweep.rare_index
    whole = max(groups)
    per_class = groups[whole][0].images // len(sweep.labels)
    name = sweep.rare_class
    scarce = min(groups)
    recall = average(groups[scarce], lambda run: run.recalls[index])
    question = Quiz(
        key="data_rare",
        text=f"{scarce * per_class / 100:.0f} pictures of a {name.lower()} among "
        f"{groups[scarce][0].images:,} training images, instead of {per_class:,}. Of 1,000 "
        f"{name.lower()}s in the test, it recognises about …",
        options=("800", "400", "none"),
        right=min(range(3), key=lambda i: abs((80, 40, 0)[i] - recall)),
        reveal=f"{10 * recall:.0f} on the mean of {len(groups[scarce])} seeds, while the accuracy "
        f"over all classes still says {average(groups[scarce], _get_accuracy):.1f} %.",
    )
    draw_question(question)
    if not is_answered(question):
        st.caption("The measurement opens with your answer.")
        return
    rows = []
    for percent, runs in groups.items():
        for run in runs:
            others = [value for i, value in enumerate(run.recalls) if i != index]
            examples = percent * per_class / 100
            rows.append(Row(f"{name}, the rare class", examples, run.recalls[index]))
            rows.append(Row("mean of the other classes", examples, sum(others) / len(others)))
    means = ", ".join(
        f"{percent * per_class / 100:,.0f} examples: "
        f"{average(runs, lambda run: run.recalls[index]):.0f} %"
        for percent, runs in groups.items()
    )
    chart = plot_lines(
        rows,
        f"training images of a {name.lower()}",
        "recall, %",
        is_logarithmic=True,
        summary=f"Recall of the rare class by its number of examples. {means}.",
    )
    st.vega_lite_chart(chart, width="stretch")
    st.markdown(f"**Recall of {name}:** {means}.")


def _draw_noise(sweep: Sweep) -> None:
    groups = sweep.list_runs(NOISE)
    rows = [
        row
        for percent, runs in groups.items()
        for run in runs
        for row in (
            Row("accuracy on right labels", percent, run.accuracy),
            Row("its mean confidence", percent, run.confidence),
        )
    ]
    told = ", ".join(f"{p:g} %: {average(runs, _get_accuracy):.1f} %" for p, runs in groups.items())
    left, right = st.columns(2, gap="large")
    with left:
        chart = plot_lines(
            rows,
            "wrong labels in the training set, %",
            "%",
            is_logarithmic=False,
            summary=f"Accuracy by the share of wrong labels. {told}.",
        )
        st.vega_lite_chart(chart, width="stretch")
    with right:
        st.markdown(
            f"**Wrong labels** (share: accuracy): {told}. One seed each. Wrong labels that fall at "
            "random mostly cancel out while there are many images; the network's confidence falls "
            "further than its accuracy."
            if _falls_further(groups)
            else f"**Wrong labels** (share: accuracy): {told}. One seed each."
        )
        st.markdown(describe_augmentation(sweep))


def describe_augmentation(sweep: Sweep) -> str:
    """Return what mirroring and shifting the training images did at the same number of steps."""
    plain, changed = sweep.list_runs(SIZE), sweep.list_runs(AUGMENTED)
    told = [
        f"{runs[0].images:,} images: {average(runs, _get_accuracy):.1f} % with, "
        f"{average(plain[percent], _get_accuracy):.1f} % without"
        for percent, runs in changed.items()
        if percent in plain
    ]
    helps = [
        average(runs, _get_accuracy) > average(plain[percent], _get_accuracy)
        for percent, runs in changed.items()
        if percent in plain
    ]
    verdict = (
        "It helped."
        if all(helps)
        else "It helped in some."
        if any(helps)
        else (f"It did not help here: {sweep.steps} steps are few, and harder images take more.")
    )
    return f"**Augmentation** (images mirrored and shifted): {'; '.join(told)}. {verdict}"


def _falls_further(groups: dict[float, list[Run]]) -> bool:
    first, last = groups[min(groups)], groups[max(groups)]
    lost = average(first, _get_accuracy) - average(last, _get_accuracy)
    return average(first, _get_confidence) - average(last, _get_confidence) > lost


def _get_accuracy(run: Run) -> float:
    return run.accuracy


def _get_confidence(run: Run) -> float:
    return run.confidence


VIEW = View(
    slug="data",
    title="Data dependency",
    icon="📚",
    help="The same network on other data: less of it, wrong labels, a class that is rare.",
    render=render,
    look_for="the same network, the same training, other data. Slide the law's view of the data to "
    "the left and see how well it foretells what it has not seen.",
    theory=THEORY,
    sources=SOURCES,
    group=FAIL,
    has_model=False,
)

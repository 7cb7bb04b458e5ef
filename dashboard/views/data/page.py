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
from dashboard.views.data.runs import draw_runs
from dashboard.views.data.tenfold import Longer
from dashboard.widgets.lesson import Quiz, Source, draw_question, is_answered
from dashboard.widgets.photo_input import select_photo

SWEEP = "cnn_sweep.fashion_mnist"
LONGER = "cnn.fashion_mnist"  # the same network, trained long on all images

THEORY = r"""
**One network, many training sets.** Every run is the same small CNN; only its training set differs.
Runs of three seeds differ in the images drawn and in the first weights. There are two sweeps over
the same sets. In one every run has the same 600 steps: 1,280 times through 60 images, little more
than once through 60,000. It compares sets on a *budget*. In the other each run trains until more no
longer helps. When 1,000 steps (or four times through the set, if that is more) have not raised the
accuracy on 5,000 held-out images, the rate falls tenfold; the third time the run ends, and the
weights of its best check are kept (early stopping, Prechelt 1998). That takes hours, and is on the
card as far as it is.

**The law** is $\text{error}(n) = c + a\,n^{-b}$, fitted to the sizes up to your slider by least
squares of relative residuals. The band is the bootstrap's: the seeds of each size are drawn again
with replacement, the chance of a finite test set is added, and the law is fitted anew, 200 times.
It knows nothing of what the law itself gets wrong, such as a budget of steps that is too short for
more data: judge it by the sizes that it has not seen.

**Recall** of a class is the share of its test images that are given it. A class with few examples
is rarely guessed, because guessing it rarely paid: a network is right on average, and an average
does not see the rare case. Rare diseases, rare accents and rare accidents are such classes.
"""

SOURCES = (
    Source("Hestness et al. 2017 (learning curves)", "https://arxiv.org/abs/1712.00409"),
    Source("Efron 1979 (bootstrap)", "https://doi.org/10.1214/aos/1176344552"),
    Source("Prechelt 1998 (early stopping)", "https://doi.org/10.1007/3-540-49430-8_3"),
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
    draw_learning_curve(sweep, _find_longer())
    draw_runs(sweep)
    st.subheader("One picture, eight educations")
    _draw_models(sweep)
    st.subheader("The rare class")
    _draw_rare(sweep.choose(RARE, SIZE))
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


def _find_longer() -> Longer | None:
    """Return what the same network does after a long training, where that network is here."""
    if not (cache.ZOO / LONGER).is_dir():
        return None
    card = cache.get_card(LONGER)
    if card.training is None:
        return None
    return Longer(card.training.steps, card.metrics["accuracy"].value)


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
            "knows. The trivial map never changes, whoever is asked. These networks had "
            f"{sweep.how}."
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
        f"over all classes still says {average(groups[scarce], _get_accuracy):.1f} % "
        f"({sweep.how}).",
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
    st.markdown(f"**Recall of {name}** ({sweep.how}): {means}.")


def _draw_noise(whole: Sweep) -> None:
    sweep = whole.choose(NOISE, SIZE)
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
        said = f"**Wrong labels** (share: accuracy; {sweep.how}): {told}. One seed each."
        if _falls_further(groups):
            said += (
                " Wrong labels that fall at random mostly cancel out while there are many images; "
                "the network's confidence falls further than its accuracy."
            )
        st.markdown(said)
        st.markdown(describe_augmentation(whole.choose(AUGMENTED, SIZE)))


def describe_augmentation(sweep: Sweep) -> str:
    """Return what mirroring and shifting the training images did, and what that does not show."""
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
    verdict = "It helped." if all(helps) else "It did not help in all." if any(helps) else ""
    if not all(helps) and not sweep.held_out:
        verdict = (
            f"{sweep.steps} steps cannot tell what it is worth: images that are never the same "
            "twice take longer to learn, and these runs ended first."
        )
    return (
        f"**Augmentation** (images mirrored and shifted; {sweep.how}): {'; '.join(told)}. "
        f"{verdict or 'It did not help.'}"
    )


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
    look_for="the same network, other data. Slide the law's view of the data to the left and see "
    "how well it foretells the sizes it has not seen; and mind how long the runs were trained.",
    theory=THEORY,
    sources=SOURCES,
    group=FAIL,
    has_model=False,
)

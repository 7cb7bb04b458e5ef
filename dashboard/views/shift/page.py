"""Distribution shift: what becomes of answer, map and confidence when pictures change."""

from __future__ import annotations

import streamlit as st

from dashboard.inference.counts import tell_share
from dashboard.views.base import FAIL, View
from dashboard.views.shift.compared_networks import draw_comparison
from dashboard.views.shift.corrupted_picture import (
    draw_all,
    draw_steps,
    select_corruption,
    select_map,
)
from dashboard.views.shift.familiarity import draw_familiarity
from dashboard.views.shift.shifted_sample import draw_sample
from dashboard.widgets.lesson import Source
from dashboard.widgets.option_select import select_pill
from dashboard.widgets.sight_select import open_sight

PART = "shift.part"
GRID, SAMPLE, UNKNOWN, COMPARE = "grid", "sample", "unknown", "compare"
PARTS = {
    GRID: "Every corruption",
    SAMPLE: "Accuracy and calibration",
    UNKNOWN: "Does it know that it does not know?",
    COMPARE: "Two networks, and what others measured",
}

THEORY = r"""
A network is trained on pictures from one **distribution**: one kind of camera, light, framing. Its
test score holds for more of the same. Noise, fog or another crop make a picture that any person
still reads, and that was not in the training: the score no longer holds.

**Calibration.** Of the answers given with 80 % confidence, 80 % should be right. The *expected
calibration error* bins $n$ answers by confidence and averages $\frac{n_b}{n}\,\lvert
\mathrm{acc}_b-\mathrm{conf}_b\rvert$. Of few answers it is above 0 even where every confidence is
true, so it is read beside what such a network would show. **Temperature scaling** divides all
logits by one number $T$ fitted on familiar pictures; where a network is too sure, it mends
confidence there, and need not do so under shift.

**Corruption error**: the errors under one corruption, summed over severities, divided by another
network's; *relative* CE does the same with what the corruption adds to the clean error.

**Familiarity.** From the logits $z$: $\max_k \mathrm{softmax}(z)_k$, $\max_k z_k$, or the
(negative) energy $\log\sum_k e^{z_k}$. From the features $h$ before the last layer: minus the
distance to the nearest of 2,000 training pictures (both of length 1), or
$-\min_k (h-\mu_k)^\top\Sigma^{-1}(h-\mu_k)$ (Mahalanobis).
"""

SOURCES = (
    Source("Hendrycks & Dietterich 2019 (ImageNet-C)", "https://arxiv.org/abs/1903.12261"),
    Source("Mu & Gilmer 2019 (MNIST-C)", "https://arxiv.org/abs/1906.02337"),
    Source("Guo et al. 2017 (calibration)", "https://arxiv.org/abs/1706.04599"),
    Source(
        "Bröcker & Smith 2007 (what a perfect forecast shows)",
        "https://doi.org/10.1175/WAF993.1",
    ),
    Source("Ovadia et al. 2019 (confidence under shift)", "https://arxiv.org/abs/1906.02530"),
    Source("Hendrycks & Gimpel 2017 (max softmax)", "https://arxiv.org/abs/1610.02136"),
    Source("Liu et al. 2020 (energy)", "https://arxiv.org/abs/2010.03759"),
    Source("Lee et al. 2018 (Mahalanobis)", "https://arxiv.org/abs/1807.03888"),
    Source("Sun et al. 2022 (nearest neighbours)", "https://arxiv.org/abs/2204.06507"),
    Source(
        "timm's tables", "https://github.com/huggingface/pytorch-image-models/tree/main/results"
    ),
)


def render(model_name: str) -> None:
    """Draw the page."""
    sight, chosen, left, right = open_sight(model_name)
    with left:
        corruption = select_corruption(sight)
        method = select_map(sight)
        st.caption(f"{chosen.caption} {corruption.summary}")
    with right:
        label, probability = sight.labels[sight.target], sight.compute_probability(sight.target)
        st.markdown(f"Untouched, the network says **{label}** ({tell_share(probability)}).")
        draw_steps(sight, corruption, method)
    st.subheader("How far can it be trusted?")
    part = select_pill(
        PART, "Which measurement", GRID, tuple(PARTS), PARTS.__getitem__, is_label_hidden=True
    )
    if part == GRID:
        draw_all(sight)
    elif part == SAMPLE:
        st.markdown(f"Under **{corruption.label.lower()}**, chosen above.")
        draw_sample(sight, corruption)
    elif part == UNKNOWN:
        draw_familiarity(sight, "Your picture" if not chosen.sample else "This picture")
    else:
        draw_comparison(model_name)


VIEW = View(
    slug="shift",
    title="Distribution shift",
    icon="🌧️",
    help="What noise, fog and strangers do to answers, maps and confidence.",
    render=render,
    look_for="what you would still call the same picture, the network may not. Drag the severity: "
    "watch the answer, its probability and the map go, and how sure it stays.",
    theory=THEORY,
    sources=SOURCES,
    group=FAIL,
)

"""Black box: do the maps that explain a network deserve belief? Tests that try to break them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import cache, state
from dashboard.inference.images import Photo
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, crop_view, preprocess
from dashboard.inference.samples import choose_subject
from dashboard.inference.sessions import OnnxModel
from dashboard.views.base import FAIL, View
from dashboard.widgets.complaints import draw_complaints
from dashboard.widgets.cue_lab import draw_cue_lab
from dashboard.widgets.disagreement import draw_disagreement, finish_disagreement
from dashboard.widgets.known_answer import draw_known_answer
from dashboard.widgets.lesson import Source, draw_sources, draw_theory, draw_title
from dashboard.widgets.model_select import open_model
from dashboard.widgets.option_select import parse_option
from dashboard.widgets.photo_input import ChosenPhoto, select_photo
from dashboard.widgets.shuffled_weights import draw_shuffled_weights
from dashboard.widgets.smallest_edit import draw_smallest_edit
from dashboard.widgets.tiny_change import draw_tiny_change
from dashboard.widgets.trial import Trial, select_methods

TEST = "box.test"
WEIGHTS, KNOWN, TINY, CUE, EDIT = "weights", "known", "tiny", "cue", "edit"
TESTS = {
    WEIGHTS: "Shuffle its weights",
    KNOWN: "A known answer",
    TINY: "A change too small to see",
    CUE: "Spot the cheat",
    EDIT: "The smallest edit",
}

MAY = """
- **Where** this network's score is sensitive, or which parts of the picture it uses, on *this*
  picture and as *this* method defines it.
- That a network may be reading the wrong thing, when a map that passed the tests lies on a mark, a
  border, a caption: a reason to go and test, as in *Spot the cheat*.
- That a map is **not** to be believed: it failed a test.
"""

MAY_NOT = """
- *Why* the network decides as it does, or that it "understood": a map says where, not what for.
- That the answer is right. Wrong answers, attacked pictures and cheating networks get maps that
  look as good.
- Anything about other pictures, or about the world: a pixel that matters to the network need not be
  a cause of anything.
- From one method alone, that a place matters. Passing a test is not proof either.
"""

THEORY = r"""
**Rank correlation** (Spearman) compares the order of all pixels of two maps; **top-k overlap** the
share of their first pixels that both have; **SSIM** the maps as pictures.

**The randomisation test** shuffles a layer's weights, keeps what was shuffled before, and compares
the map to the first one. Adebayo et al. found that Guided Backpropagation and Guided Grad-CAM
hardly changed, while the gradient and Grad-CAM did: the former two mostly redraw the edges.

**Max-sensitivity** is $\max_{\lVert y-x\rVert_\infty\le r}\lVert\Phi(y)-\Phi(x)\rVert /
\lVert\Phi(x)\rVert$ for the map $\Phi$; **infidelity** is the mean of $(\text{sum of the map over
the removed part} - (f(x)-f(x_\text{removed})))^2$, here with the best scale for each map and
divided by the mean of $(f(x)-f(x_\text{removed}))^2$.

**FGSM** moves every pixel by $\varepsilon\,\mathrm{sign}(\nabla_x)$ against the answer, **PGD** in
several small steps inside the same bound; both use the network's own gradient graph.
"""

SOURCES = (
    Source("Adebayo et al. 2018 (sanity checks)", "https://arxiv.org/abs/1810.03292"),
    Source("Binder et al. 2023 (their limits)", "https://arxiv.org/abs/2211.12486"),
    Source("Krishna et al. 2022 (disagreement)", "https://arxiv.org/abs/2202.01602"),
    Source("Yeh et al. 2019 (infidelity, sensitivity)", "https://arxiv.org/abs/1901.09392"),
    Source("Ghorbani et al. 2019 (fragility)", "https://arxiv.org/abs/1710.10547"),
    Source("Goodfellow et al. 2015 (FGSM)", "https://arxiv.org/abs/1412.6572"),
    Source("Madry et al. 2018 (PGD)", "https://arxiv.org/abs/1706.06083"),
    Source("Lapuschkin et al. 2019 (Clever Hans)", "https://arxiv.org/abs/1902.10178"),
    Source("Goyal et al. 2019 (counterfactuals)", "https://arxiv.org/abs/1904.07451"),
    Source("Rudin 2019 (stop explaining)", "https://arxiv.org/abs/1811.10154"),
)


def render(model_name: str) -> None:
    """Draw the page."""
    draw_title(
        "Black box",
        "one answer, many explanations. The maps below explain the same answer; see how little "
        "they agree, then try to break them.",
    )
    model = open_model(model_name)
    if model is None:
        return
    complaints = st.container()
    left, right = st.columns([1, 2], gap="large")
    with left:
        chosen = select_photo(choose_subject(model_name))
    trial = _create_trial(model_name, model, chosen)
    with left:
        st.caption(chosen.caption)
    with right:
        st.markdown(f"The network says **{trial.describe(trial.target, trial.probability)}**.")
    draw_disagreement(trial, right)
    st.subheader("Try to break the maps")
    _draw_test(trial)
    with complaints:
        draw_complaints()
    _draw_summary()
    draw_theory(THEORY)
    draw_sources(SOURCES)
    finish_disagreement(trial, right)


def _create_trial(name: str, model: OnnxModel, chosen: ChosenPhoto) -> Trial:
    photo = chosen.photo
    picture, inputs, logits = cache.get_results().get_or_compute(
        (model.sha256, photo.sha256, "seen"), lambda: _look(model, photo)
    )
    return Trial(name, model, photo.sha256, picture, inputs, logits)


def _look(model: OnnxModel, photo: Photo) -> tuple[Pixels, Floats, Floats]:
    """Return the photo as the network sees it, (H, W, 3) and (1, C, H, W), and its logits (K,)."""
    inputs = preprocess(photo.pixels, model.card)
    return crop_view(photo.pixels, model.card), inputs, model.predict(inputs)[0]


def _draw_test(trial: Trial) -> None:
    test = state.bind(TEST, WEIGHTS, lambda text: parse_option(tuple(TESTS), text))
    st.pills(
        "Which test",
        tuple(TESTS),
        format_func=lambda name: TESTS[name],
        key=TEST,
        required=True,
        wrap=True,
        label_visibility="collapsed",
    )
    if test == KNOWN:
        draw_known_answer(trial)
    elif test == CUE:
        draw_cue_lab()
    else:
        methods = select_methods(trial)
        if methods:
            {WEIGHTS: draw_shuffled_weights, TINY: draw_tiny_change, EDIT: draw_smallest_edit}[
                test
            ](trial, methods)


def _draw_summary() -> None:
    st.subheader("What may be concluded from these maps, and what may not")
    sides: Sequence[tuple[str, str]] = (("You may conclude", MAY), ("You may not", MAY_NOT))
    for column, (title, text) in zip(st.columns(2, gap="large"), sides, strict=True):
        with column:
            st.markdown(f"**{title}**\n{text}")


VIEW = View(
    slug="black_box",
    title="Black box",
    icon="⬛",
    help="Many explanations of one answer, and tests that try to break them.",
    render=render,
    group=FAIL,
)

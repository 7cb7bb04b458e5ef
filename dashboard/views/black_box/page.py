"""Black box: do the maps that explain a network deserve belief? Tests that try to break them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.inference.sight import Sight
from dashboard.views.base import FAIL, View
from dashboard.views.black_box.cue_lab import draw_cue_lab
from dashboard.views.black_box.disagreement import draw_disagreement, finish_disagreement
from dashboard.views.black_box.evidence import draw_evidence
from dashboard.views.black_box.known_answer import draw_known_answer
from dashboard.views.black_box.method_select import select_methods
from dashboard.views.black_box.shuffled_weights import draw_shuffled_weights
from dashboard.views.black_box.smallest_edit import draw_smallest_edit
from dashboard.views.black_box.tiny_change import draw_tiny_change
from dashboard.widgets.lesson import Source
from dashboard.widgets.option_select import select_pill
from dashboard.widgets.sight_select import open_sight

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
the map to the first one. Adebayo et al. found that Guided Backprop and Guided Grad-CAM hardly
changed while the layers next to the output were shuffled, and that the gradient and Grad-CAM did:
the former two mostly redraw the edges. Here Guided Backprop is on trial beside the gradient.

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
    body = st.container()
    _draw_summary()  # also under a test that fails
    with body:
        _draw(model_name)


def _draw(model_name: str) -> None:
    sight, chosen, left, right = open_sight(model_name)
    with left:
        st.caption(chosen.caption)
    with right:
        st.markdown(f"The network says **{sight.describe(sight.target)}**.")
    draw_disagreement(sight, right)
    if not sight.is_own:
        draw_evidence(sight.facts.name)
    st.subheader("Try to break the maps")
    _draw_test(sight)
    finish_disagreement(sight, right)


def _draw_test(sight: Sight) -> None:
    test = select_pill(
        TEST, "Which test", WEIGHTS, tuple(TESTS), TESTS.__getitem__, is_label_hidden=True
    )
    if test == KNOWN:
        draw_known_answer(sight)
    elif test == CUE:
        draw_cue_lab()
    else:
        methods = select_methods(sight)
        if methods:
            {WEIGHTS: draw_shuffled_weights, TINY: draw_tiny_change, EDIT: draw_smallest_edit}[
                test
            ](sight, methods)


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
    look_for="one answer, many explanations. The maps below explain the same answer; see how "
    "little they agree, then try to break them.",
    theory=THEORY,
    sources=SOURCES,
    group=FAIL,
)

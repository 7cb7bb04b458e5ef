"""Would this network know that it does not know? Scores of familiar and of strange pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.inference.counts import tell_count, tell_share
from dashboard.inference.features import FeatureGraph
from dashboard.inference.model import Doubles, Floats
from dashboard.inference.preprocessing import Pixels
from dashboard.inference.probability import compute_probabilities
from dashboard.inference.sight import Sight
from dashboard.limits.out_of_distribution import (
    KEPT,
    SCORES,
    Statistics,
    compute_auroc,
    compute_auroc_half,
    compute_feature_scores,
    compute_fpr95,
    compute_logit_scores,
    compute_threshold,
)
from dashboard.views.shift.charts import plot_scores
from dashboard.views.shift.shifted_sample import (
    explain_no_sample,
    get_statistics,
    make_key,
    predict_views,
)
from dashboard.widgets.lesson import Quiz, draw_question, is_answered
from dashboard.widgets.on_demand import Move, compute_on_demand
from dashboard.widgets.option_select import select_pill

SCORE = "shift.score"
FAMILIAR = "clothes (test)"
STRANGE = {"digits": "digits", "emoji": "emoji"}  # title -> file
_SURE = 0.9
Scores = Mapping[str, Doubles]


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Every score, by set of pictures; ``sure`` is the share of each set answered with 90 %."""

    scores: Mapping[str, Scores]
    sure: Mapping[str, float]


def draw_familiarity(sight: Sight, words: str) -> None:
    """Draw the scores, their quality and the verdict on the picture (``words`` names it)."""
    problem = explain_no_sample(sight)
    if problem:
        _draw_without(sight, problem)
        return
    statistics = get_statistics(sight)
    found = compute_on_demand(
        "familiar",
        make_key(sight.key[0], "familiar", statistics is not None),
        "Show it clothes, digits and emoji",
        lambda move: _measure(sight, statistics, move),
        at_once=not sight.is_own,
        store=cache.get_store(sight),
    )
    if found is None:
        return
    strange = [title for title in found.scores if title != FAMILIAR]
    own = cache.get_store(sight).get_or_compute(
        sight.make_nameless_key("familiar", statistics is not None),
        lambda: _score(sight, statistics, sight.picture[np.newaxis])[0],
    )
    _ask(found, strange[0], sight.key[0])
    _draw_scores(found, own, strange, sight, words)
    if statistics is None:
        st.caption(
            "Nearest neighbour and Mahalanobis need the features of the training pictures, which "
            "are not on this machine for this network."
        )


def _measure(sight: Sight, statistics: Statistics | None, move: Move) -> Familiarity:
    sets = {FAMILIAR: cache.get_small_pictures().views}
    sets |= {title: cache.get_small_pictures(file).views for title, file in STRANGE.items()}
    scores, sure = {}, {}
    for index, (title, views) in enumerate(sets.items()):
        move(f"Showing it {len(views):,} {title}", index / len(sets))
        scores[title], logits = _score(sight, statistics, views)
        sure[title] = float((compute_probabilities(logits).max(axis=1) >= _SURE).mean())
    return Familiarity(scores, sure)


def _score(
    sight: Sight, statistics: Statistics | None, views: Pixels
) -> tuple[dict[str, Doubles], Floats]:
    if statistics is None:
        logits = predict_views(sight, views)
        return compute_logit_scores(logits), logits
    name, tensor = sight.facts.name, statistics.tensor
    graph = cache.get_results().get_or_compute(
        make_key("graph", name), lambda: FeatureGraph(cache.ZOO / name, tensor)
    )
    logits, features = graph.run(sight.normalize(views))
    found = compute_logit_scores(logits) | compute_feature_scores(features, statistics)
    return found, logits


def _ask(found: Familiarity, strange: str, key: str) -> None:
    share = found.sure[strange]
    right = 0 if share < 0.1 else 1 if share < 0.4 else 2
    question = Quiz(
        key=f"shift_unknown_{key[:8]}",
        text=f"It knows ten kinds of clothing and is shown {strange}. How often is it at least "
        f"{tell_share(_SURE)} sure that it sees a certain garment?",
        options=("hardly ever, below 10 %", "now and then, 10 to 40 %", "often, above 40 %"),
        right=right,
        reveal=f"For {tell_share(share)} of the {strange} (and "
        f"{tell_share(found.sure[FAMILIAR])} of the clothes). It was never taught to "
        "say “none of these”.",
    )
    draw_question(question)
    if not is_answered(question):
        st.caption("The scores below tell how well it could be found out.")


def _draw_scores(
    found: Familiarity, own: Scores, strange: list[str], sight: Sight, words: str
) -> None:
    familiar = found.scores[FAMILIAR]
    names = [name for name in SCORES if name in familiar]
    best = max(
        names, key=lambda each: compute_auroc(familiar[each], found.scores[strange[0]][each])
    )
    head = " | ".join(f"AUROC {title} | FPR95 {title}" for title in strange)
    lines = [f"| Score | {head} | {words} |", f"|---|{'--:|--:|' * len(strange)}---|"]
    flagged = []
    for name in names:
        cells = []
        for title in strange:
            values = found.scores[title][name]
            cells += [
                f"{compute_auroc(familiar[name], values):.3f} "
                f"± {compute_auroc_half(familiar[name], values):.3f}",
                tell_share(compute_fpr95(familiar[name], values)),
            ]
        share = float((familiar[name] <= own[name][0]).mean())
        is_strange = own[name][0] < compute_threshold(familiar[name])
        flagged += [name] if is_strange else []
        verdict = "unfamiliar" if is_strange else "familiar"
        mark = "**" if name == best else ""
        lines.append(
            f"| {mark}{SCORES[name]}{mark} | {' | '.join(cells)} | {verdict} "
            f"(above {tell_share(share)} of the clothes) |"
        )
    _say(flagged, names, best, sight, words)
    st.markdown("\n".join(lines))
    sizes = ", ".join(f"{len(found.scores[t][best])} {t}" for t in strange)
    st.caption(
        f"{len(familiar[best]):,} {FAMILIAR}, {sizes}. AUROC: the chance that a piece of clothing "
        "scores above a strange picture, with its 95 % interval; 0.5 is guessing. FPR95: the "
        f"strange pictures that pass where {tell_share(KEPT)} of the clothes do. Unfamiliar: below "
        "that threshold, which by its making also refuses 5 % of the clothes. Bold: best on "
        f"{strange[0]}, chosen on these very pictures, which flatters it a little; published on "
        "MNIST from other networks: softmax .843, ensemble .861, DUQ .955 "
        "([2003.02037](https://arxiv.org/abs/2003.02037))."
    )
    chosen = select_pill(SCORE, "Score", best, names, SCORES.__getitem__)
    sets = {title: scores[chosen] for title, scores in found.scores.items()}
    threshold = compute_threshold(familiar[chosen])
    st.vega_lite_chart(
        plot_scores(SCORES[chosen], sets, threshold, float(own[chosen][0])), width="stretch"
    )


def _say(flagged: list[str], names: list[str], best: str, sight: Sight, words: str) -> None:
    said = sight.describe(sight.target)
    told = f"{SCORES[best]} score"
    verdict = (
        f"**it would know**: its {told} (the best one here) is below the threshold"
        if best in flagged
        else f"**it sees nothing unusual**: its {told} (the best one here) is above the "
        "threshold, so if this is no garment, it would not know"
    )
    of = f"of {len(names)} scores"
    st.markdown(
        f"{words}: the network says {said}; {verdict}. "
        f"{tell_count(len(flagged), f'{of} calls', f'{of} call')} it unfamiliar."
    )


def _draw_without(sight: Sight, problem: str) -> None:
    """Say what can be said where nothing is known of the pictures that a network was made for."""
    scores = compute_logit_scores(sight.logits[np.newaxis])
    st.info(problem)
    told = ", ".join(f"{SCORES[name].lower()} {values[0]:.2f}" for name, values in scores.items())
    st.markdown(
        f"Its scores for this picture: {told}. Whether they are low cannot be told: a threshold "
        "needs many pictures of the kind that it was made for, and those of ImageNet may not be "
        "shipped."
    )

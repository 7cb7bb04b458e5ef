"""What the page says of many pictures: the best method, how sharp the test is, its own evidence."""

from dataclasses import replace

from dashboard.views.black_box.evidence import describe_best, tabulate_methods
from export.evidence import (
    Estimate,
    Evidence,
    MethodFigures,
    NetworkFigures,
    tabulate_evidence,
)


def share(mean: float) -> Estimate:
    return Estimate(mean, mean - 0.01, mean + 0.01, 200)


def figures(score: float, believable: float) -> MethodFigures:
    removals = {"grey": score, "blur": score}
    return MethodFigures(share(score), removals, share(believable), share(0.2), 400, 0, 0.25)


FOUND = NetworkFigures(
    pictures=210,
    judged=200,
    draws=2000,
    below_level={"grey": share(0.05), "blur": share(0.048)},
    noise=share(0.004),
    shuffled=share(0.012),
    blind=share(0.01),
    another=share(0.1),
    truth=None,
    removals_agree=share(0.8),
    seeds_agree=share(0.95),
    methods={"saliency": figures(0.1, 0.05), "rise": figures(0.34, 0.6)},
    best="rise",
)


def test_the_best_is_named_with_its_score_and_how_steady_the_verdict_is() -> None:
    said = describe_best(FOUND)
    assert "On 200 pictures, **RISE** is the best" in said and "+0.34 on average" in said
    assert "believable on 60\u00a0%" in said and "the same for 95\u00a0%" in said
    assert "blunt" not in said


def test_few_pictures_rank_nothing_and_a_blunt_test_says_so() -> None:
    assert "too few to rank" in describe_best(replace(FOUND, judged=30))
    blunt = replace(FOUND, methods={"rise": figures(0.2, 0.25)})
    assert "The test is blunt here" in describe_best(blunt)
    assert describe_best(replace(FOUND, best=None, methods={})).startswith("No method")


def test_the_tables_hold_every_method_and_network() -> None:
    rows = tabulate_methods(FOUND.methods).splitlines()
    assert rows[2] == "| RISE | +0.34 [+0.33, +0.35] | 60\u00a0% | 20\u00a0% | 400 + 0 | 0.25 |"
    assert rows[3].startswith("| Saliency |")
    known = replace(FOUND, truth=share(0.97), shuffled=None)
    evidence = Evidence("python -m x", {"cnn.fashion_mnist": FOUND, "cue": known})
    table = tabulate_evidence(evidence, {"cue": "the network that reads a mark"})
    head, _, first, second = table.splitlines()
    assert "Noise, p < .05, grey" in head
    assert first.startswith("| cnn.fashion_mnist | 200 |") and "5.0\u00a0% [4.0, 6.0]" in first
    assert "reads a mark" in second and "97.0\u00a0% [96.0, 98.0]" in second
    assert len({row.count("|") for row in table.splitlines()}) == 1

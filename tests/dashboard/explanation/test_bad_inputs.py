"""The whole way from a picture to tested maps, where there is nothing to explain."""

import numpy as np
import pytest

from dashboard.attribution import METHODS
from dashboard.attribution.params import compute_defaults
from dashboard.cache import ResultStore
from dashboard.explanation.flow import Explanation, Request, explain
from dashboard.faithfulness.curves import has_ranking
from dashboard.faithfulness.verdict import Outcome
from dashboard.inference.sight import ModelFacts, Sight
from tests.dashboard.attribution.test_bad_inputs import BROKEN, CASES, QUICK

# Where no map can be judged, whatever it shows.
HOPELESS = {"NaN", "NaN answers", "infinite", "all gradients zero", "one logit"} | {
    name for name in CASES if "pixels" in name or "constant" in name
}


def explain_case(name: str) -> tuple[Explanation, ...]:
    model, question = CASES[name]
    sight = Sight(
        model=model,
        facts=ModelFacts("m", "M", {}, "CPU"),
        key=("network", name),
        picture=np.zeros((*question.inputs.shape[2:], 3), np.uint8),
        logits=model.predict(question.inputs)[0],
        labels=("a", "b", "c")[: len(model.weights)],
        normalize=lambda views: question.inputs,
        crop=lambda photo: photo,
        is_light=True,
    )
    choices = [
        (each, {**compute_defaults(each.params), **QUICK.get(each.name, {})}) for each in METHODS
    ]
    *_, last = explain(Request(sight, question, choices), ResultStore())
    return last.explanations


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of infinite values on their way
@pytest.mark.parametrize("name", CASES)
def test_every_method_has_a_verdict_or_one_sentence(name: str) -> None:
    for each in explain_case(name):
        assert (each.map is None) == bool(each.problem)
        if each.map is None:
            assert name in BROKEN and each.problem.endswith(".")
            continue
        assert each.verdict is not None and each.verdict.text.endswith(".")
        if not has_ranking(each.map.heat):
            assert each.verdict.text == each.method.if_flat
        if name == "one logit" and has_ranking(each.map.heat):
            assert "one class only" in each.verdict.text
        if name in HOPELESS:
            assert each.verdict.outcome is Outcome.NOT_JUDGED and not each.verdict.findings

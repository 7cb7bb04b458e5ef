"""The sanity check that Guided Backprop is known for failing, on the CNN of plain ReLUs."""

from pathlib import Path

import numpy as np

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.figures.map_sequence import Frame, MapSequence, Series
from dashboard.inference.preprocessing import preprocess
from dashboard.inference.samples import choose_subject, list_samples, load_sample
from dashboard.inference.sessions import OnnxModel
from dashboard.inference.weights import read_weights
from dashboard.limits.agreement import compute_rank_correlation
from dashboard.limits.randomisation import compute_cascade, shuffle_weights
from dashboard.views.black_box.shuffled_weights import MEASURES, tell_halfway

NAME = "cnn.fashion_mnist"
CNN = Path("models/zoo") / NAME
METHODS = [get_method(name) for name in ("guided_backprop", "saliency")]


def test_guided_backprop_hardly_notices_that_the_upper_half_forgot() -> None:
    own, weights = OnnxModel(CNN, threads=1), read_weights(CNN)
    kept: list[list[tuple[float, float]]] = []
    for sample in list_samples(choose_subject(NAME))[:4]:
        inputs = preprocess(load_sample(sample.name).pixels, own.card)
        question = Question(inputs, int(own.predict(inputs)[0].argmax()))
        steps = compute_cascade(
            lambda gone: OnnxModel(CNN, threads=1, weights=shuffle_weights(weights, gone, 0)),
            tuple(weights),
            question,
            METHODS,
        )
        first, half = steps[0].heats, steps[len(steps) // 2].heats
        assert steps[len(steps) // 2].probability < 0.5 < steps[0].probability
        pairs = [(first[m.name], half[m.name]) for m in METHODS]
        assert all(one is not None and other is not None for one, other in pairs)
        kept.append(
            [
                (compute_rank_correlation(a, b), compute_rank_correlation(np.abs(a), np.abs(b)))
                for a, b in pairs
            ]
        )
    (guided, guided_size), (plain, _) = np.mean(kept, axis=0)
    # python -m export.benchmark.sanity, twelve garments: .85, by size .71; the gradient .14.
    assert guided > 0.65
    assert guided_size > 0.45
    assert plain < 0.3


def create_sequence(guided: float | None, plain: float | None) -> MapSequence:
    frames = [Frame(str(i), str(i)) for i in range(7)]
    values = {"Guided Backprop": guided, "Saliency": plain}
    series = [
        Series(title, {MEASURES[0].name: [1.0, 0.9, 0.9, value, 0.0, 0.0, 0.0]})
        for title, value in values.items()
    ]
    return MapSequence("name", "axis", frames, [], [], MEASURES, series)


def test_the_page_says_whether_it_fails() -> None:
    fails = tell_halfway(create_sequence(0.81, 0.12))
    assert "the 3 layers next to the output shuffled, of 6" in fails
    assert "**0.81**" in fails and "**0.12**" in fails
    assert fails.endswith("here Guided Backprop fails the test that it is famous for failing.")
    for guided, plain in ((0.4, 0.1), (0.81, 0.7)):
        assert "does not fail" in tell_halfway(create_sequence(guided, plain))


def test_the_page_says_nothing_where_one_of_the_two_is_not_on_trial() -> None:
    assert tell_halfway(create_sequence(None, 0.1)) == ""
    assert tell_halfway(create_sequence(0.9, None)) == ""
    only = create_sequence(0.9, 0.1)
    assert tell_halfway(MapSequence("n", "a", only.frames, [], [], MEASURES, only.series[:1])) == ""

"""One picture through networks that learnt from more and more images: answers and maps."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import cache
from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.channel_pictures import encode_url
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Measure,
    Panel,
    Series,
    draw_map_sequence,
)
from dashboard.inference.counts import tell_share
from dashboard.inference.images import Photo
from dashboard.inference.preprocessing import crop_view, preprocess
from dashboard.inference.probability import compute_probability
from dashboard.limits.maps import describe_heat, draw_heats, encode_heat
from dashboard.limits.sweep import SIZE, Run, Sweep
from dashboard.views.data.learning_curve import make_key
from dashboard.widgets.on_demand import Move, compute_with_bar
from dashboard.widgets.option_select import select_option

METHOD = "data.map"
METHODS = ("integrated_gradients", "input_x_gradient", "occlusion", "grad_cam")
BLIND = "edges"  # knows nothing of any network: what does not change when the network does


def draw_models(name: str, sweep: Sweep, photo: Photo) -> None:
    """Draw the picture, each network's answer and its map, scrubbed by the size of its set."""
    runs = [
        run for runs in sweep.list_runs(SIZE).values() for run in runs if run.name in sweep.shipped
    ]
    method = select_option(
        METHOD, "The map", METHODS[0], METHODS, lambda each: get_method(each).label
    )
    sequence = compute_with_bar(
        make_key("models", name, photo.sha256, method),
        lambda move: _compute(name, runs, photo, method, move),
    )
    draw_map_sequence(sequence, "data.images")


def _compute(name: str, runs: Sequence[Run], photo: Photo, chosen: str, move: Move) -> MapSequence:
    models = []
    for index, run in enumerate(runs):
        move(f"Opening the network of {run.images:,} images", index / len(runs))
        models.append(cache.get_member_model(name, run.name))
    card = models[0].card
    inputs = preprocess(photo.pixels, card)
    logits = [model.predict(inputs) for model in models]
    answers = [int(each[0].argmax()) for each in logits]
    final = answers[-1]
    method, blind = get_method(chosen), get_method(BLIND)
    heats = [
        draw_heats(model, Question(inputs, answer), (method, blind))
        for model, answer in zip(models, answers, strict=True)
    ]
    sure = [float(compute_probability(each, i)[0]) for each, i in zip(logits, answers, strict=True)]
    of_final = [float(compute_probability(each, final)[0]) for each in logits]
    says = [f"{card.labels[i]} ({tell_share(p)})" for i, p in zip(answers, sure, strict=True)]
    maps = [heat[method.name] for heat in heats]
    measure = Measure(
        f"Probability of {card.labels[final]}",
        "What the network that learnt from all images answers.",
        0,
        1,
    )
    return MapSequence(
        name=f"data {photo.sha256} {chosen}",
        axis="images that the network learnt from",
        frames=[
            Frame(
                f"{run.images:,} images",
                f"It answers {said}. Of the test it gets {run.accuracy:.1f} %.",
            )
            for run, said in zip(runs, says, strict=True)
        ],
        photos=[encode_url(crop_view(photo.pixels, card))],
        panels=[
            Panel("The picture", (), says),
            Panel(
                method.label,
                [encode_heat(heat, method.is_signed) for heat in maps],
                [describe_heat(heat) for heat in maps],
            ),
            Panel(
                f"{blind.label} (trivial)",
                [encode_heat(heat[BLIND], blind.is_signed) for heat in heats],
            ),
        ],
        measures=(measure,),
        series=[Series("this picture", {measure.name: of_final})],
        first=len(runs) - 1,
        is_small=True,
        signed=[method.is_signed, blind.is_signed],
    )

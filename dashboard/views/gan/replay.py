"""The contest replayed, a walk between two latents, and a collapse; all scrubbed in the browser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.figures.tile_player import Panel, Player, Row, draw_player
from dashboard.generation.diffusion_pictures import encode_images
from dashboard.generation.replay import (
    Labels,
    Moment,
    draw_latents,
    look_at_moment,
    run_generator,
    score,
    tile,
    walk,
)
from dashboard.inference.cards import ModelCard
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.views.gan.networks import (
    COLLAPSED,
    DISCRIMINATOR,
    GENERATOR,
    Gan,
    describe_seen,
    load_real,
    make_key,
    open_moment,
)
from dashboard.widgets.on_demand import Move, compute_with_bar
from dashboard.widgets.option_select import select_option, select_whole

LABEL, SEED, SECOND = "gan.class", "gan.seed", "gan.seed2"
MAX_SEED = 9999
_SHOWN, _COLUMNS = 25, 5  # generated pictures in the replay, two or three of each class
_JUDGED = 300
_WAY = 25  # pictures of a walk
_TWINS = 16  # pictures of one class in the collapse


def draw_contest_replay(gan: Gan, is_told: bool) -> None:
    """Draw the same latents at every moment of the training, and, once told, who was right."""
    members = sorted(gan.card.members)
    moments = compute_with_bar(make_key("replay"), lambda move: _replay(gan, members, move))
    steps = [read_step(name) for name in members]
    generated = np.stack([tile(moment.images, _COLUMNS) for moment in moments])
    real = tile(_choose_real(gan), _COLUMNS)[np.newaxis]
    panels = [
        Panel("The forger's pictures, always from the same noise", *_encode(generated)),
        Panel("Real pictures of the same classes", *_encode(real)),
    ]
    if is_told:
        rows = _list_who_was_right(moments, steps, panels)
    else:
        hint = "Who was right at this step, detective or forger, opens with your answer below."
        rows = [Row("The forger learns", panels, [hint] * len(steps), [])]
    player = Player(
        "replay",
        "Step of the training",
        "Share that the detective of that moment gets right (half: it is guessing)",
        [f"Step {step:,} of {steps[-1]:,}" for step in steps],
        rows,
        len(steps) - 1,
    )
    draw_player(player, "gan.step")


def _list_who_was_right(
    moments: Sequence[Moment], steps: Sequence[int], panels: Sequence[Panel]
) -> list[Row]:
    return [
        Row(
            "Forgeries caught",
            panels,
            [
                f"After {step:,} steps the detective of that moment catches "
                f"{tell_share(moment.fake_right)} of {_JUDGED} forgeries."
                for step, moment in zip(steps, moments, strict=True)
            ],
            [round(moment.fake_right, 4) for moment in moments],
        ),
        Row(
            "Real pictures believed",
            [],
            [
                f"It takes {tell_share(moment.real_right)} of {_JUDGED} for real."
                for moment in moments
            ],
            [round(moment.real_right, 4) for moment in moments],
        ),
    ]


def _replay(gan: Gan, members: Sequence[str], move: Move) -> list[Moment]:
    shown = (draw_latents(_SHOWN, gan.latent, 1), _list_shown(gan))
    judged_labels = np.arange(_JUDGED, dtype=np.int64) % len(gan.labels)
    judged = (draw_latents(_JUDGED, gan.latent, 2), judged_labels)
    moments = []
    for index, member in enumerate(members):
        generator, discriminator = (
            open_moment(GENERATOR, member),
            open_moment(DISCRIMINATOR, member),
        )
        moments.append(look_at_moment(generator, discriminator, shown, judged, load_real(_JUDGED)))
        move("Replaying the contest", (index + 1) / len(members))
    return moments


def _choose_real(gan: Gan) -> Floats:
    """Return real pictures of the same classes as the generated ones, in their order."""
    images, labels = load_real(_JUDGED)
    left = {label: iter(np.flatnonzero(labels == label)) for label in range(len(gan.labels))}
    return images[[int(next(left[label])) for label in _list_shown(gan)]]


def _list_shown(gan: Gan) -> Labels:
    return np.sort(np.arange(_SHOWN, dtype=np.int64) % len(gan.labels))


def _encode(pictures: Floats) -> tuple[str, int]:
    return encode_images(pictures), len(pictures)


def read_step(member: str) -> int:
    """Return the step in a moment's name, "step_00100"."""
    return int(member.rpartition("_")[2])


def draw_walk(gan: Gan) -> tuple[Floats, int]:
    """Draw the walk; return the first picture (28, 28) and its class."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        classes = range(len(gan.labels))
        label = select_option(LABEL, "Garment", 8, classes, gan.labels.__getitem__)
        seeds = [_select_seed(SEED, "first", 1), _select_seed(SECOND, "second", 2)]
        if seeds[0] == seeds[1]:
            st.caption("Both seeds are one noise: there is no way to go. Choose another.")
    images, scores = cache.get_results().get_or_compute(
        make_key("walk", label, *seeds), lambda: _walk(gan, label, seeds)
    )
    probs = gan.judge(images) if gan.judge else None
    notes = []
    for index, value in enumerate(scores):
        verdict = "real" if value > 0 else "forged"
        seen = None if probs is None else (int(probs[index].argmax()), float(probs[index].max()))
        said = f"The detective says {verdict} ({value:+.2f})."
        notes.append(f"{said} {describe_seen(gan, seen)}".rstrip())
    row = Row(
        f"{gan.labels[label]}, seed {seeds[0]} to seed {seeds[1]}",
        [
            Panel("On the way", encode_images(images), len(images)),
            Panel("The first", encode_images(images[:1]), 1),
            Panel("The second", encode_images(images[-1:]), 1),
        ],
        notes,
        [] if probs is None else [round(float(each[label]), 4) for each in probs],
    )
    frames = [f"{tell_share(index / (_WAY - 1))} of the way" for index in range(_WAY)]
    with right:
        player = Player(
            "/".join(map(str, ("walk", label, *seeds))),
            "From one noise to the other",
            f"Probability of {gan.labels[label]}, says the zoo's CNN",
            frames,
            [row],
            _WAY // 2,
        )
        draw_player(player, "gan.way")
    return images[0], label


def _walk(gan: Gan, label: int, seeds: Sequence[int]) -> tuple[Floats, Floats]:
    start, end = (draw_latents(1, gan.latent, seed)[0] for seed in seeds)
    labels = np.full(_WAY, label, np.int64)
    images = run_generator(gan.generator, walk(start, end, _WAY), labels)
    return images, score(gan.discriminator, images, labels)


def _select_seed(key: str, which: str, default: int) -> int:
    label = f"Seed of the {which} noise, 0 to {MAX_SEED}"
    return select_whole(key, label, default, 0, MAX_SEED)


def draw_collapse(gan: Gan, label: int) -> None:
    """Draw the generator that finds one picture that works, and makes it again and again."""
    card = cache.get_model_card(COLLAPSED)
    members = sorted(card.members)
    pictures = compute_with_bar(
        make_key("collapse", label), lambda move: _collapse(gan, members, label, move)
    )
    shares = [gan.card.metrics["distinct"].value]
    shares += [float(card.details["moments"][name]["distinct"]) for name in members]
    frames = ["Before", *(f"{read_step(name)} steps later" for name in members)]
    notes = [
        f"{frame}: {share:.0f} % of its pictures differ visibly from all others; "
        f"{_agree(gan, card, name)}"
        for frame, share, name in zip(frames, shares, ["", *members], strict=True)
    ]
    row = Row(
        f"{_TWINS} noises, all {gan.labels[label]}",
        [
            Panel("The forger's pictures", *_encode(pictures)),
            Panel("Before, from the same noises", *_encode(pictures[:1])),
        ],
        notes,
        [round(share / 100, 4) for share in shares],
    )
    player = Player(
        f"collapse/{label}",
        "Steps of a training out of balance",
        "Share of its pictures that differ from all others",
        frames,
        [row],
        len(frames) - 1,
    )
    draw_player(player, "gan.collapse")


def _agree(gan: Gan, card: ModelCard, member: str) -> str:
    moment, whole = card.details["moments"].get(member), gan.card.metrics
    first, second = (
        (whole["agreement"].value, whole["agreement/vit"].value)
        if moment is None
        else (float(moment["agreement"]), float(moment["agreement_vit"]))
    )
    return f"the CNN agrees with the class for {first:.0f} %, the ViT for {second:.0f} %."


def _collapse(gan: Gan, members: Sequence[str], label: int, move: Move) -> Floats:
    latents = draw_latents(_TWINS, gan.latent, 3)
    labels = np.full(_TWINS, label, np.int64)
    pictures = [tile(run_generator(gan.generator, latents, labels), 4)]
    for index, member in enumerate(members):
        pictures.append(tile(run_generator(open_moment(COLLAPSED, member), latents, labels), 4))
        move("Watching the collapse", (index + 1) / len(members))
    return np.stack(pictures)

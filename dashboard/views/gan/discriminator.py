"""The discriminator's verdict on a generated picture, a test picture, a drawing or a photo."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.channel_pictures import encode_url
from dashboard.figures.map_sequence import (
    Frame,
    MapSequence,
    Measure,
    Panel,
    Series,
    draw_map_sequence,
)
from dashboard.generation.diffusion_pictures import from_grey, to_grey
from dashboard.generation.discriminator import (
    FRACTIONS,
    TRIVIAL,
    Deletion,
    Judgement,
    judge,
    measure_deletion,
)
from dashboard.inference.counts import tell_share
from dashboard.inference.model import Floats
from dashboard.inference.preprocessing import Pixels, crop_view
from dashboard.inference.samples import CLOTHING
from dashboard.inference.small_pictures import has_bright_border
from dashboard.limits.maps import encode_heat
from dashboard.views.gan.drawing_pad import draw_pad
from dashboard.views.gan.networks import (
    DISCRIMINATOR,
    Gan,
    describe_seen,
    load_real,
    make_key,
    recognise,
)
from dashboard.widgets.option_select import (
    select_option,
    select_pill,
    select_whole,
    switch,
)
from dashboard.widgets.photo_input import select_photo

FROM, TEST, SAID, INVERT = "gan.from", "gan.test", "gan.said", "gan.invert"
GENERATED, REAL, PHOTO, DRAWN = "forged", "real", "photo", "drawn"
_TITLES = {
    GENERATED: "The forgery above",
    REAL: "A real test picture",
    PHOTO: "A sample or your photo",
    DRAWN: "Draw one",
}
AS_SEEN = -1  # said to be what the CNN sees in it
_CNN = "cnn.fashion_mnist"
_FEWEST = 12  # drawn pixels: with fewer there is nothing to judge
_LEAST = 0.1  # between the darkest and the brightest pixel, of 2: below, nothing can be seen
_SIGNED = 3  # of the maps: the methods; the trivial ones have no sign


def draw_discriminator(gan: Gan, generated: Floats, label: int) -> None:
    """Draw the choice of a picture, the verdict, its maps and their test."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        source = select_pill(FROM, "The picture", GENERATED, tuple(_TITLES), _TITLES.__getitem__)
        image, said = _select(gan, source, generated, label)
    with right:
        if image is None:
            st.info("Draw a garment in white, as large as the field, then let the detective judge.")
            return
        if float(np.ptp(image)) < _LEAST:
            st.info("This picture is nearly one even grey, there is no garment: choose another.")
            return
        _draw_verdict(gan, image, said)


def _select(gan: Gan, source: str, generated: Floats, label: int) -> tuple[Floats | None, int]:
    """Return the picture (28, 28) in [-1, 1], None for an empty one, and what it is said to be."""
    if source == GENERATED:
        return generated, label
    if source == REAL:
        return _select_real(gan)
    if source == DRAWN:
        grey = draw_pad("gan_pad")
        image = None if grey is None or (grey > 0).sum() < _FEWEST else from_grey(grey)
    else:
        image = from_grey(_select_photo())
    return image, _select_said(gan, image)


def _select_real(gan: Gan) -> tuple[Floats, int]:
    images, labels = load_real(1000)
    last = len(images) - 1
    index = select_whole(TEST, f"Test picture, 0 to {last}", 3, 0, last)
    st.caption(f"Labelled {gan.labels[labels[index]]}. Fashion-MNIST, Zalando SE (MIT).")
    return images[index], int(labels[index])


def _select_photo() -> Pixels:
    chosen = select_photo(CLOTHING)
    st.caption(chosen.caption)
    grey: Pixels = crop_view(chosen.photo.pixels, cache.get_card(_CNN))[..., 0]
    is_bright = has_bright_border(grey)
    other_way = switch(INVERT, "Swap black and white")
    swapped = is_bright != other_way
    st.caption(describe_photo(is_bright, swapped))
    return 255 - grey if swapped else grey


def describe_photo(is_bright: bool, is_swapped: bool) -> str:
    """Return what was done to a photo on its way to the discriminator, in plain sentences."""
    done = "Seen as a grey square of 28 × 28 pixels"
    if is_swapped:
        done += ", black and white swapped"
    if not is_bright:
        return f"{done}."
    return f"{done}. Its background is bright; the detective knows garments on black."


def _select_said(gan: Gan, image: Floats | None) -> int:
    """Return what the reader says that the picture is; at first what the CNN sees in it."""
    options = (AS_SEEN, *range(len(gan.labels))) if gan.judge else tuple(range(len(gan.labels)))
    # A label that changed with the picture would be another option to Streamlit.
    names = {AS_SEEN: "What the CNN sees in it", **dict(enumerate(gan.labels))}
    chosen = select_option(
        SAID,
        "It is said to be a",
        options[0],
        options,
        names.__getitem__,
        help="The detective judges whether this is a real picture of this class.",
    )
    if chosen != AS_SEEN:
        return chosen
    seen = None if image is None else recognise(gan, image)
    return 0 if seen is None else seen[0]


def _draw_verdict(gan: Gan, image: Floats, said: int) -> None:
    identity = hashlib.sha256(image.tobytes()).hexdigest()[:16]
    with st.spinner("Asking the detective why …", show_time=True):
        judgement, deletion = cache.get_results().get_or_compute(
            make_key("judged", identity, said), lambda: _judge(gan, image, said)
        )
    verdict = "real" if judgement.says_real else "forged"
    called = describe_seen(gan, recognise(gan, image))
    metrics = gan.discriminator.card.metrics
    st.markdown(
        f"The detective says **{verdict}** ({judgement.score:+.2f}; above 0 is real). "
        f"{called} It is right about {metrics['real_right'].value:.0f} % of "
        f"real and {metrics['fake_right'].value:.0f} % of forged pictures: the forger has become "
        "good, so believe it little."
    )
    sequence = _create_sequence(judgement, deletion, f"{identity}/{said}", verdict)
    draw_map_sequence(sequence, "gan.blurred")
    st.markdown(describe_deletion(deletion))


def _judge(gan: Gan, image: Floats, said: int) -> tuple[Judgement, Deletion]:
    found = judge(gan.discriminator, cache.get_gradients(DISCRIMINATOR), image, said)
    return found, measure_deletion(gan.discriminator, image, said, found)


def _create_sequence(
    judgement: Judgement, deletion: Deletion, identity: str, verdict: str
) -> MapSequence:
    methods = list(judgement.maps)
    table = np.stack([deletion.scores[name] for name in methods])
    measure = Measure(
        f"Score for “{verdict}”",
        "What is left of the verdict; below 0 it has turned.",
        float(min(table.min(), 0)) - 0.05,
        float(table.max()) + 0.05,
    )
    frames = [
        Frame(
            "the maps" if not fraction else f"{tell_share(fraction)} of the pixels blurred",
            f"What speaks for “{verdict}”, by each map."
            if not fraction
            else f"Each picture without the {tell_share(fraction)} that its map puts first.",
        )
        for fraction in FRACTIONS
    ]
    panels = [
        Panel(
            name,
            [encode_heat(heat, index < _SIGNED), *[""] * (len(FRACTIONS) - 1)],
            ["", *(f"{value:+.2f}" for value in deletion.scores[name][1:])],
            [_encode(picture) for picture in deletion.pictures[name]],
        )
        for index, (name, heat) in enumerate(judgement.maps.items())
    ]
    series = [
        Series(name, {measure.name: [float(value) for value in deletion.scores[name]]})
        for name in methods
    ]
    return MapSequence(
        name=f"judged {identity}",
        axis="pixels blurred, those that the map puts first",
        frames=frames,
        photos=[panels[0].photos[0]],
        panels=panels,
        measures=(measure,),
        series=series,
        is_small=True,
        signed=[True, False],
    )


def _encode(image: Floats) -> str:
    grey = to_grey(image)
    return encode_url(np.repeat(grey[..., np.newaxis], 3, axis=2))


def describe_deletion(deletion: Deletion) -> str:
    """Return which maps beat random orders and the best trivial one, plainly."""
    falls = {name: deletion.compute_fall(name) for name in deletion.scores}
    methods = [name for name in falls if name not in TRIVIAL]
    best = max(methods, key=lambda name: falls[name])
    trivial = max(TRIVIAL, key=lambda name: falls[name])
    beaten = [name for name in methods if falls[name] <= deletion.lucky]
    told = (
        f"Blurring what **{best}** puts first costs the verdict {falls[best]:.2f} on average; "
        f"the best trivial map ({trivial.removesuffix(' (trivial)').lower()}) costs "
        f"{falls[trivial]:.2f}, a random order {deletion.random:.2f} (one in twenty "
        f"{deletion.lucky:.2f})."
    )
    if falls[best] <= max(falls[trivial], deletion.lucky):
        return f"{told} **No method's map is better than those: do not trust them here.**"
    return f"{told}{_name_beaten(beaten)}"


def _name_beaten(beaten: Sequence[str]) -> str:
    return f" No better than chance: {', '.join(beaten)}." if beaten else ""

"""How an uploaded network wants its photos: found out, with the evidence, and open to correction.

What the file says of itself comes first. For the rest the sample photos are tried in the usual
ways. The strongest evidence is a batch normalization: it remembers mean and variance of what came
by in training, and only one way of feeding photos brings them back. Most exports have folded it
away. Then the network's answers must do: fed rightly, it tells the photos apart with confidence,
and gives a photo, its mirror image and its middle the same answer. **That is a guess**: robust
networks answer nearly the same for values from -1 to 1 as for ImageNet's mean and deviation, and
of a network of two classes the photos may say nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashboard.uploads.evidence import Basis, Evidence, Progress, Run, judge, limit_answers, try_all
from dashboard.uploads.hints import Hints, read_hints
from dashboard.uploads.inspection import Inspection
from dashboard.uploads.outputs import choose_output, describe_outputs, refuse_outputs
from dashboard.uploads.sandbox_wire import UploadError, UploadStopped
from dashboard.uploads.spec import (
    NORMALIZATIONS,
    InputSpec,
    Layout,
    Normalization,
    OutputSpec,
    Pixels,
    holds_scores,
    is_scores,
    list_normalizations,
)

# Tried in this order where the file leaves the size open.
SIZES = (224, 299, 256, 384, 32, 28, 64, 96, 128, 160, 192, 240, 260, 288, 300, 380, 512)

_CHANNEL_AXIS: dict[Layout, int] = {"NCHW": 1, "NHWC": 3}


@dataclass(frozen=True)
class Detected:
    """What was found out.

    ``evidence`` lists every normalization that was tried, the best first; ``rivals`` are those
    that it cannot tell from the chosen one; ``basis`` says what the choice rests on. ``outputs``
    are those that hold class scores and were compared; ``labels`` is what the file calls its
    classes, if it does; ``is_size_open`` says that the file left the size open. ``left_out`` are
    further outputs, not compared because all answers would take too much memory; ``n_photos`` of
    ``n_offered`` photos were tried, fewer than all for the same reason.
    """

    input: InputSpec
    output: OutputSpec
    outputs: tuple[OutputSpec, ...]
    evidence: tuple[Evidence, ...]
    rivals: tuple[Normalization, ...]
    basis: Basis
    is_size_open: bool
    labels: tuple[str, ...]
    left_out: tuple[str, ...]
    n_photos: int
    n_offered: int


def detect(
    inspection: Inspection, run: Run, photos: Sequence[Pixels], progress: Progress
) -> Detected:
    """Find out how to use a network by trying it on ``photos``, each (H, W, 3).

    Raises:
        UploadError: it runs on no image, or none of its outputs holds class scores.
    """
    hints = read_hints(inspection.metadata)
    names = [each.name for each in inspection.outputs if is_scores(each)]
    if not names:
        raise refuse_outputs(inspection.outputs)
    frame, sizes = find_frame(inspection, hints, run, names)
    candidates = list_candidates(inspection, frame.channels, hints.normalization)
    kept, n_photos = limit_answers(sizes, len(candidates), len(photos), len(hints.labels))
    tried = photos[:n_photos]
    trials = try_all(frame, candidates, kept, inspection.norms, run, tried, progress)
    outputs = describe_outputs({name: [trial.flatten(name) for trial in trials] for name in kept})
    output = choose_output(outputs, len(hints.labels))
    evidence = [trial.score(output) for trial in trials]
    found = judge(evidence, hints.normalization, output.n_classes, n_photos)
    return Detected(
        input=replace(frame, normalization=found.chosen),
        output=output,
        outputs=outputs,
        evidence=found.evidence,
        rivals=found.rivals,
        basis=found.basis,
        is_size_open=None in inspection.image.shape[1:],
        labels=hints.labels if len(hints.labels) == output.n_classes else (),
        left_out=tuple(name for name in sizes if name not in kept),
        n_photos=n_photos,
        n_offered=len(photos),
    )


def list_candidates(
    inspection: Inspection, channels: int, stated: Normalization | None
) -> tuple[Normalization, ...]:
    """Return the normalizations worth trying; whole numbers as input are pixels as they are."""
    usual = list_normalizations(channels)
    if inspection.image.dtype == "uint8":
        usual = tuple(each for each in usual if each.name.startswith("raw"))
    return usual if stated is None or stated in usual else (stated, *usual)


def find_frame(
    inspection: Inspection, hints: Hints, run: Run, names: Sequence[str]
) -> tuple[InputSpec, dict[str, int]]:
    """Return the first shape of an image with which the network runs, and what of it are scores.

    The normalization is left open; of the scores there is the output's name, and how many.

    Raises:
        UploadError: it runs with none, or none of its outputs (``names``) holds class scores.
    """
    failure = UploadError("The network runs on no image of any usual size.")
    for frame in list_frames(inspection, hints):
        try:
            results = run(frame, np.zeros((1, *frame.shape), np.float32), names)
        except UploadStopped:  # another shape would cost another process
            raise
        except UploadError as error:
            failure = error
            continue
        found = {
            name: raw[0].size for name, raw in zip(names, results, strict=True) if holds_scores(raw)
        }
        if not found:
            raise refuse_outputs(inspection.outputs)
        return frame, found
    raise failure


def list_frames(inspection: Inspection, hints: Hints) -> Iterator[InputSpec]:
    """Yield the shapes of an image that the declared shape allows, the likeliest first."""
    shape = inspection.image.shape
    layouts = [each for each in _CHANNEL_AXIS if shape[_CHANNEL_AXIS[each]] in (1, 3)]
    layouts = layouts or [each for each in _CHANNEL_AXIS if shape[_CHANNEL_AXIS[each]] is None]
    for layout in layouts:
        height, width = shape[2:] if layout == "NCHW" else shape[1:3]
        channels = shape[_CHANNEL_AXIS[layout]]
        for side in _list_sizes(height, width, hints.size):
            for count in (hints.channels or 3, 1) if channels is None else (channels,):
                yield InputSpec(
                    inspection.image.name, layout, count, *side, normalization=NORMALIZATIONS[0]
                )


def _list_sizes(
    height: int | None, width: int | None, stated: tuple[int, int] | None
) -> list[tuple[int, int]]:
    if height is not None and width is not None:
        return [(height, width)]
    known = height if height is not None else width
    if known is not None:
        return [(height or known, width or known)]
    return [*([stated] if stated else []), *((size, size) for size in SIZES)]

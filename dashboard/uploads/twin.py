"""A second copy of an uploaded network, in a process of its own, that forgets layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dashboard.uploads.model import UploadedModel
from dashboard.uploads.sandbox_wire import UploadError, clean_text
from dashboard.uploads.spec import Pixels

_MAX_WEIGHTS = 10_000
_MAX_NAME = 60


class UploadTwin:
    """The twin of ``model``; the model itself stays as it is. To be used in a ``with`` block.

    ``names`` are those of the weights that can be shuffled, in the order in which a picture (H, W,
    3), here ``photo``, meets them; each is there once.

    Raises:
        UploadError: there is no room for a second copy, or no weight to shuffle.
    """

    def __init__(self, model: UploadedModel, photo: Pixels) -> None:
        self._model, self._photo = model, photo
        self._gone: set[str] = set()
        self._file = model.file.copy()
        try:
            self.names = _parse_names(self._file.ask_once({"do": "weights"}).header.get("names"))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> UploadTwin:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def shuffle(self, gone: Sequence[str], seed: int) -> UploadedModel:
        """Return the network with these weights shuffled, and those that were before.

        What was returned before must not be used any more.

        Raises:
            UploadError: the shuffled network does not run.
        """
        place = {name: index for index, name in enumerate(self.names)}
        new = [place[name] for name in gone if name not in self._gone]
        self._file.change({"do": "shuffle", "places": new, "seed": seed})
        self._gone |= set(gone)
        return UploadedModel(self._file, self._model.spec, self._model.output, [self._photo])


def _parse_names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) > _MAX_WEIGHTS:
        raise UploadError("The sandbox sent no list of weights.")
    if not names:
        raise UploadError("This network has no weights of floating point numbers to shuffle.")
    clean = [clean_text(name, _MAX_NAME) for name in names]
    count = Counter(clean)
    return tuple(
        name if count[name] == 1 else f"{name} ({number})" for number, name in enumerate(clean, 1)
    )

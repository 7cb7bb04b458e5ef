import pytest

from dashboard.inference.samples import FOLDER, list_samples, load_sample

FREE = {"CC0", "Public domain", "CC BY 2.0"}


def test_there_are_eight_samples_with_names_of_their_own() -> None:
    assert len({sample.name for sample in list_samples()}) == 8


@pytest.mark.parametrize("name", [sample.name for sample in list_samples()])
def test_a_sample_is_small(name: str) -> None:
    photo = load_sample(name)
    assert max(photo.pixels.shape) <= 640
    assert min(photo.pixels.shape[:2]) >= 260  # what the largest network looks at
    assert photo.notes == ()


def test_every_sample_is_credited_and_described() -> None:
    for sample in list_samples():
        assert sample.licence in FREE
        assert sample.source.startswith("https://")
        assert len(sample.credit) > 3
        assert sample.alt.endswith(".")
        assert (FOLDER / sample.file).stat().st_size <= 60_000


def test_the_folder_holds_nothing_that_is_not_credited() -> None:
    credited = {sample.file for sample in list_samples()}
    assert {path.name for path in FOLDER.iterdir()} == credited | {"samples.json"}


def test_a_sample_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        load_sample("no such photo")

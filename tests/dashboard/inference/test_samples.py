import pytest

from dashboard.inference.samples import (
    CLOTHING,
    FOLDER,
    SUBJECTS,
    Sample,
    choose_subject,
    list_samples,
    load_sample,
)

FREE = {"CC0", "Public domain", "CC BY 2.0", "MIT"}


def list_all() -> list[Sample]:
    return [sample for subject in SUBJECTS for sample in list_samples(subject)]


def test_there_are_eight_samples_with_names_of_their_own() -> None:
    assert len(list_samples()) == 8
    assert len({sample.name for sample in list_all()}) == len(list_all())


def test_garments_are_as_the_networks_of_garments_see_them() -> None:
    for sample in list_samples(CLOTHING):
        pixels = load_sample(sample.name).pixels
        assert pixels.shape == (28, 28, 3)
        assert pixels[0, 0].max() < 64  # light on a dark ground


def test_a_network_is_offered_what_it_was_made_for() -> None:
    assert choose_subject("vit.fashion_mnist") == CLOTHING
    assert choose_subject("efficientnet_lite0.imagenet") != CLOTHING


@pytest.mark.parametrize("name", [sample.name for sample in list_samples()])
def test_a_sample_is_small(name: str) -> None:
    photo = load_sample(name)
    assert max(photo.pixels.shape) <= 640
    assert min(photo.pixels.shape[:2]) >= 260  # what the largest network looks at
    assert photo.notes == ()


def test_every_sample_is_credited_and_described() -> None:
    for sample in list_all():
        assert sample.licence in FREE
        assert sample.source.startswith("https://")
        assert len(sample.credit) > 3
        assert sample.alt.endswith(".")
        assert (FOLDER / sample.file).stat().st_size <= 60_000


def test_the_folder_holds_nothing_that_is_not_credited() -> None:
    credited = {sample.file for sample in list_all()}
    assert {path.name for path in FOLDER.iterdir()} == credited | set(SUBJECTS.values())


def test_a_sample_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        load_sample("no such photo")

"""Cards that are measured again: only what is measured changes."""

from dataclasses import asdict

import pytest

from export import remeasure
from export.artifact import ZOO
from export.card import CARD_FILE, Metric, ModelCard, decode_card, write_card
from export.train import gan_drafts
from export.train.generated import JUDGES


def read(name: str) -> ModelCard:
    return decode_card((ZOO / name / CARD_FILE).read_bytes(), ModelCard)


def test_metrics_and_tables_change_and_nothing_else() -> None:
    card = read(gan_drafts.GENERATOR)
    found = {**card.metrics, "agreement": Metric(90.0, 89.0, 91.0, 2000, "%", "x")}
    again = remeasure.update(card, (found, {"moments": {"a": 1}}))
    assert again.metrics["agreement"].value == 90 and again.details["moments"] == {"a": 1}
    assert again.details["contest"] == card.details["contest"]
    changed = {key for key, value in asdict(again).items() if value != asdict(card)[key]}
    assert changed == {"metrics", "details"}


def test_a_figure_below_its_floor_is_not_written() -> None:
    card = read(gan_drafts.GENERATOR)
    low = Metric(84.0, 83.0, 85.0, 2000, "%", "x")
    with pytest.raises(ValueError, match=r"agreement is 84\.00, below 85"):
        remeasure.update(card, ({**card.metrics, "agreement": low}, {}))


@pytest.mark.parametrize("name", remeasure.MEASURES)
def test_every_generator_has_two_judges(name: str) -> None:
    card = read(name)
    for suffix in JUDGES:
        for key in ("agreement", "fid", "agreement/real", "fid/real", "fid/noise", "noise_ratio"):
            assert card.metrics[f"{key}{suffix}"].n >= 2000


def test_a_card_survives_being_read_and_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    card, folder = read(gan_drafts.COLLAPSED), tmp_path_factory.mktemp("zoo")
    write_card(card, folder)
    assert decode_card((folder / CARD_FILE).read_bytes(), ModelCard) == card

import numpy as np
import pytest

from export.card import Metric
from export.train.fashion import load_splits
from export.train.generated import (
    JUDGES,
    TWIN,
    count_distinct,
    create_fid_evaluator,
    create_labels,
    divide_by_judge,
    divide_fids,
    draw_normal,
    measure_diversity,
    scale_pixels,
    tabulate,
)


def test_twins_are_counted_once() -> None:
    base = np.zeros((1, 784), np.float32)
    members = np.concatenate([base, base + 0.9 * TWIN, base + 1.1 * TWIN, base + 1])
    assert count_distinct(members) == 3
    assert count_distinct(np.repeat(base, 5, 0)) == 1


def test_spread_is_the_distance_of_two_random_images() -> None:
    # Independent pixels of variance v are sqrt(2 v) apart; the range -1 to 1 counts as 0 to 1.
    images = np.random.default_rng(0).normal(0, 0.2, (1000, 1, 28, 28)).astype(np.float32)
    found = measure_diversity(images, create_labels(1000))
    assert found["spread"].value == pytest.approx(0.1 * np.sqrt(2), rel=0.02)
    assert found["distinct"].value == 100
    same = measure_diversity(np.zeros((100, 1, 28, 28), np.float32), create_labels(100))
    assert same["spread"].value == 0 and same["distinct"].value == 10


def test_a_ratio_keeps_the_worst_and_the_best_case() -> None:
    top, bottom = Metric(10, 8, 12, 5, "", ""), Metric(2, 1, 4, 5, "", "")
    ratio = divide_fids(top, bottom, "x")
    assert (ratio.value, ratio.low, ratio.high) == (5, 2, 12)


def test_random_numbers_and_labels_repeat() -> None:
    assert (draw_normal((3, 4), 1) == draw_normal((3, 4), 1)).all()
    assert (draw_normal((3, 4), 1) != draw_normal((3, 4), 2)).all()
    assert np.bincount(create_labels(20)).tolist() == [2] * 10


@pytest.mark.slow
@pytest.mark.fashion_mnist
def test_real_images_are_near_and_recognised_and_noise_is_far() -> None:
    train, test = load_splits(None, is_tiny=True)
    evaluator = create_fid_evaluator(train, test, 150)
    found = evaluator.compare_real()
    judged = evaluator.judge_images(scale_pixels(test).numpy(), test.labels, "test images")
    for suffix, (name, _) in JUDGES.items():
        assert found[f"fid/noise{suffix}"].value > 5 * found[f"fid/real{suffix}"].value
        assert judged[f"agreement{suffix}"].value > 85
        assert judged[f"agreement{suffix}"].value == found[f"agreement/real{suffix}"].value
        assert judged[f"fid{suffix}"].value == pytest.approx(0, abs=1e-6)
        assert name in judged[f"agreement{suffix}"].what and name in judged[f"fid{suffix}"].what


def test_a_ratio_is_taken_for_each_judge_that_gave_both() -> None:
    found = {
        "fid/noise": Metric(10, 8, 12, 5, "", ""),
        "fid": Metric(2, 1, 4, 5, "", ""),
        "fid/noise/vit": Metric(30, 30, 30, 5, "", ""),
        "fid/vit": Metric(3, 3, 3, 5, "", ""),
    }
    ratios = divide_by_judge(found, "fid/noise", "fid", "noise_ratio", "x")
    assert {key: each.value for key, each in ratios.items()} == {
        "noise_ratio": 5,
        "noise_ratio/vit": 10,
    }
    assert divide_by_judge(found, "fid/gan", "fid", "gan_ratio", "x") == {}


def test_a_row_of_the_details_is_rounded_and_says_of_how_many() -> None:
    found = {"fid": Metric(1.23456, 1, 2, 7, "", ""), "fid/vit": Metric(2, 1, 3, 7, "", "")}
    assert tabulate(found) == {"n": 7, "fid": 1.2346, "fid_vit": 2}

import numpy as np
import pytest

from export.datasets import variants
from export.datasets.fashion_mnist import Images


@pytest.fixture
def data() -> Images:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 200, (1000, 28, 28)).astype(np.uint8)
    return Images(pixels, np.repeat(np.arange(10), 100))


@pytest.mark.parametrize("fraction", [0.001, 0.05, 0.5, 1.0])
def test_a_fraction_keeps_the_classes_balanced(data: Images, fraction: float) -> None:
    few = variants.take_fraction(data, fraction, 0)
    assert np.bincount(few.labels).tolist() == [max(1, round(100 * fraction))] * 10


def test_label_noise_changes_exactly_its_share_and_never_to_the_same_class(data: Images) -> None:
    noisy = variants.add_label_noise(data, 0.4, 0)
    assert (noisy.labels != data.labels).sum() == 400
    assert noisy.labels.min() >= 0 and noisy.labels.max() <= 9
    assert np.array_equal(noisy.pixels, data.pixels)


def test_a_rare_class_loses_images_and_no_other_does(data: Images) -> None:
    assert np.bincount(variants.make_rare(data, 4, 0.05, 0).labels).tolist() == (
        [100] * 4 + [5] + [100] * 5
    )


def test_each_class_has_a_mark_of_its_own_inside_the_image() -> None:
    black = np.zeros((10, 28, 28), np.uint8)
    marked = variants.draw_marks(black, np.arange(10))
    assert not black.any()
    assert (marked.sum((1, 2)) == 255 * variants.MARK_SIDE**2).all()
    assert (marked.sum(0) <= 255).all()  # no two marks share a pixel
    assert not variants.draw_marks(black, np.full(10, -1)).any()


def test_a_cue_is_right_as_often_as_asked(data: Images) -> None:
    cheating = variants.add_cue(data, 0.9, 0)
    own = variants.draw_marks(data.pixels, data.labels)
    is_right = (cheating.pixels == own).all((1, 2))
    assert 0.85 < is_right.mean() < 0.95
    assert (cheating.pixels != data.pixels).any((1, 2)).all()  # a wrong mark is a mark too


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_draws_the_same(data: Images, seed: int) -> None:
    for draw in (
        lambda: variants.take_fraction(data, 0.1, seed),
        lambda: variants.add_label_noise(data, 0.1, seed),
        lambda: variants.make_rare(data, 1, 0.1, seed),
        lambda: variants.add_cue(data, 0.5, seed),
    ):
        one, two = draw(), draw()
        assert np.array_equal(one.labels, two.labels)
        assert np.array_equal(one.pixels, two.pixels)

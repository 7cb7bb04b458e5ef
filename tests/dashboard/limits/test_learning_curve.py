"""Power laws of error against data, held against laws that are known."""

import numpy as np
import pytest

from dashboard.limits.learning_curve import Point, PowerLaw, fit, fit_power_law

IMAGES = (60, 300, 600, 3000, 6000, 15000)


@pytest.mark.parametrize("law", [PowerLaw(0.0, 2.0, 0.5), PowerLaw(0.05, 3.0, 0.4)])
def test_a_law_is_found_again(law: PowerLaw) -> None:
    found = fit_power_law(IMAGES, [law.predict(n) for n in IMAGES])
    assert found.floor == pytest.approx(law.floor, abs=1e-6)
    assert found.scale == pytest.approx(law.scale, rel=1e-6)
    assert found.exponent == pytest.approx(law.exponent, abs=1e-6)


def test_values_by_hand() -> None:
    law = PowerLaw(0.1, 1.0, 0.5)
    assert law.predict(100) == pytest.approx(0.2)
    assert law.count_images(0.2) == pytest.approx(100)
    assert law.count_images(0.1) == law.count_images(0.05) == float("inf")


def test_an_error_that_does_not_fall_has_no_end() -> None:
    law = fit_power_law((10, 100, 1000), (0.3, 0.3, 0.3))
    assert law.predict(1e9) == pytest.approx(0.3, rel=0.05)
    assert law.count_images(0.1) > 1e9


def test_the_interval_holds_the_truth_and_shrinks_with_the_test_set() -> None:
    law = PowerLaw(0.05, 3.0, 0.45)
    generator = np.random.default_rng(1)

    def draw(tested: int) -> list[Point]:
        return [
            Point(n, tuple(generator.binomial(tested, law.predict(n), 3) / tested), tested)
            for n in IMAGES
        ]

    rough, sharp = fit(draw(300)), fit(draw(30_000))
    for found in (rough, sharp):
        low, high = found.bound(60_000)
        assert low < law.predict(60_000) < high
    width = [high - low for low, high in (found.bound(60_000) for found in (rough, sharp))]
    assert width[1] < width[0] / 3
    low, high = sharp.bound_images(0.1)
    assert low < law.count_images(0.1) < high


def test_the_same_seed_gives_the_same_interval() -> None:
    points = [Point(n, (0.5 - 0.03 * i, 0.51 - 0.03 * i), 1000) for i, n in enumerate(IMAGES)]
    assert fit(points) == fit(points)


@pytest.mark.parametrize("images, errors", [((1, 2), (0.2, 0.1)), ((0, 1, 2), (0.3, 0.2, 0.1))])
def test_points_without_a_law_are_refused(
    images: tuple[int, ...], errors: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="law"):
        fit_power_law(images, errors)

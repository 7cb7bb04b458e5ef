"""The DDIM sampler: equal to the one that measured the published figures, and its identities."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.generation.diffusion import (
    LEVEL_STEPS,
    LEVELS,
    Wish,
    create_predictor,
    create_schedule,
    generate,
    revive,
    run_generator,
    trace,
)
from dashboard.generation.sampler import (
    PredictNoise,
    Schedule,
    add_noise,
    choose_times,
    draw_noise,
    guide,
    sample,
)
from dashboard.inference.graphs import OnnxGraph
from dashboard.inference.model import Floats, Ints
from export.train.diffusion_fit import FAINTEST, compute_alphas_bar, find_first_time
from tests.dashboard.generation import written_out_sampler as reference

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"


@pytest.fixture(scope="module")
def graph() -> OnnxGraph:
    return OnnxGraph(ZOO / "denoiser.fashion_mnist", "predict.onnx")


@pytest.fixture(scope="module")
def schedule(graph: OnnxGraph) -> Schedule:
    return create_schedule(graph.card.details)


@pytest.fixture(scope="module")
def predict_noise(graph: OnnxGraph) -> PredictNoise:
    return create_predictor(graph)


TINY = Schedule(compute_alphas_bar(1000), find_first_time(compute_alphas_bar(1000)), no_class=10)


def know_all(images: Floats) -> PredictNoise:
    """A predictor that knows the clean images of the classes: each its own, none their mean."""

    def predict_noise(image: Floats, time: Ints, label: Ints) -> Floats:
        kept = TINY.alphas_bar[time][:, None, None, None]
        targets = np.concatenate([images, images.mean(0, keepdims=True)])
        clean = targets[np.where(label == TINY.no_class, len(images), label)]
        noise: Floats = ((image - np.sqrt(kept) * clean) / np.sqrt(1 - kept)).astype(np.float32)
        return noise

    return predict_noise


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_a_perfect_predictor_leads_to_the_image_in_any_number_of_steps(steps: int) -> None:
    images = np.linspace(-0.9, 0.9, 8, dtype=np.float32).reshape(2, 1, 2, 2)
    noise = np.random.default_rng(0).standard_normal((2, 1, 2, 2), dtype=np.float32)
    path = list(sample(know_all(images), noise, np.arange(2), TINY, steps))
    assert len(path) == steps and path[0].image is noise
    np.testing.assert_allclose(path[-1].clean, images, atol=1e-3)


@pytest.mark.parametrize(
    ("guidance", "expected"), [(0.0, [0.1, 0.1]), (1.0, [-0.2, 0.4]), (2.0, [-0.5, 0.7])]
)
def test_guidance_moves_away_from_the_mean_and_0_ignores_the_class(
    guidance: float, expected: list[float]
) -> None:
    images = np.array([-0.2, 0.4], np.float32).reshape(2, 1, 1, 1)
    noise = np.zeros((2, 1, 1, 1), np.float32)
    *_, last = sample(know_all(images), noise, np.arange(2), TINY, 4, guidance)
    assert last.clean.ravel().tolist() == pytest.approx(expected, abs=1e-3)


def test_the_clean_guess_stays_in_range_and_the_parts_add_up_to_the_next_image() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 1, 4, 4), dtype=np.float32)

    def silent(image: Floats, time: Ints, label: Ints) -> Floats:
        return np.zeros_like(image)

    first, second = sample(silent, noise, np.zeros(1, np.int64), TINY, 2)
    assert np.abs(first.clean).max() == 1
    kept, following = TINY.alphas_bar[first.times[0]], TINY.alphas_bar[second.times[0]]
    rest = (noise - np.sqrt(kept) * first.clean) / np.sqrt(1 - kept)
    expected = np.sqrt(following) * first.clean + np.sqrt(1 - following) * rest
    np.testing.assert_allclose(second.image, expected, atol=1e-6)


@pytest.mark.parametrize("guidance", [0.0, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("steps", [1, 5, 25])
def test_a_tiny_network_is_sampled_as_when_the_card_was_measured(
    steps: int, guidance: float
) -> None:
    images = np.random.default_rng(1).uniform(-1, 1, (3, 1, 4, 4)).astype(np.float32)
    noise = np.random.default_rng(2).standard_normal((3, 1, 4, 4), dtype=np.float32)
    exact = know_all(images)

    def err(image: Floats, time: Ints, label: Ints) -> Floats:
        """Predict too little noise, so that steps do not undo each other."""
        return np.float32(0.9) * exact(image, time, label)

    ours = list(sample(err, noise, np.arange(3), TINY, steps, guidance))
    theirs = list(reference.sample(err, noise, np.arange(3), 10, TINY.alphas_bar, steps, guidance))
    for step, expected in zip(ours, theirs, strict=True):
        assert step.times.tolist() == [expected.time] * 3
        np.testing.assert_allclose(step.image, expected.image, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(step.clean, expected.clean, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("guidance", [0.0, 1.0, 2.0])
def test_it_is_the_sampler_that_the_card_was_measured_with(
    predict_noise: PredictNoise, schedule: Schedule, guidance: float
) -> None:
    noise = np.concatenate([draw_noise(1), draw_noise(2)])
    labels = np.array([3, 8])
    ours = list(sample(predict_noise, noise, labels, schedule, 6, guidance))
    theirs = list(
        reference.sample(
            predict_noise, noise, labels, schedule.no_class, schedule.alphas_bar, 6, guidance
        )
    )
    assert schedule.first == theirs[0].time
    for step, expected in zip(ours, theirs, strict=True):
        assert step.times.tolist() == [expected.time] * 2
        np.testing.assert_allclose(step.image, expected.image, atol=1e-3)
        np.testing.assert_allclose(step.clean, expected.clean, atol=1e-3)
        np.testing.assert_allclose(step.guided, expected.guided, atol=1e-3)
        if guidance != 1:  # the reference does not ask for the plain noise then
            np.testing.assert_allclose(step.guided - step.plain, expected.change, atol=1e-3)


def test_rows_with_times_of_their_own_are_the_reference_one_by_one(
    predict_noise: PredictNoise, schedule: Schedule
) -> None:
    firsts, labels = np.array([100, 600]), np.array([5, 5])
    noise = np.concatenate([draw_noise(3), draw_noise(4)])
    *_, last = sample(predict_noise, noise, labels, schedule, 3, 2.0, firsts)
    for row, first in enumerate(firsts):
        *_, expected = reference.sample(
            predict_noise,
            noise[row : row + 1],
            labels[:1],
            schedule.no_class,
            schedule.alphas_bar,
            3,
            2.0,
            int(first),
        )
        np.testing.assert_allclose(last.clean[row], expected.clean[0], atol=1e-3)


def test_the_first_step_is_the_seeds_noise(predict_noise: PredictNoise, schedule: Schedule) -> None:
    way = trace(predict_noise, schedule, Wish(0, 5, 2.0, 2))
    np.testing.assert_array_equal(way.images[:1], draw_noise(5)[0])
    assert way.times[0] == schedule.first and way.times[-1] == 0
    before, after = schedule.alphas_bar[schedule.first : schedule.first + 2]
    assert before >= FAINTEST > after  # next to nothing of a picture is left
    many = np.concatenate([draw_noise(seed) for seed in range(50)])
    assert abs(many.mean()) < 0.02 and many.std() == pytest.approx(1, abs=0.02)


def test_guidance_one_is_the_prediction_for_the_class(
    predict_noise: PredictNoise, schedule: Schedule
) -> None:
    labels = np.array([7])
    step = next(sample(predict_noise, draw_noise(0), labels, schedule, 2, 1.0))
    named = predict_noise(draw_noise(0), np.array([schedule.first]), labels)
    np.testing.assert_allclose(step.guided, named, atol=1e-5)
    assert np.abs(step.clean - step.clean_plain).max() > 0.1


def test_guidance_goes_from_plain_to_named_and_beyond() -> None:
    named, plain = np.full((1, 1), 3.0, np.float32), np.full((1, 1), 1.0, np.float32)
    assert [float(guide(named, plain, w)[0, 0]) for w in (0, 0.5, 1, 2)] == [1, 2, 3, 5]


def test_without_a_class_nothing_is_changed(
    predict_noise: PredictNoise, schedule: Schedule
) -> None:
    for wish in (Wish(2, 1, 0.0, 2), Wish(schedule.no_class, 1, 3.0, 2)):
        assert not trace(predict_noise, schedule, wish).changes.any()


def test_guess_and_noise_add_up_to_the_image() -> None:
    """Where the network names the noise exactly, DDIM follows the mixture back to the image."""
    schedule = Schedule(np.array([0.9, 0.5, 0.1]), first=2, no_class=1)
    clean, noise = np.full((1, 1, 2, 2), 0.5, np.float32), np.full((1, 1, 2, 2), -0.3, np.float32)

    def name_exactly(image: Floats, time: Ints, label: Ints) -> Floats:
        return np.repeat(noise, len(image), axis=0)

    start = add_noise(clean, noise, np.array([2]), schedule)
    steps = list(sample(name_exactly, start, np.array([0]), schedule, 3, 2.0))
    for step in steps:
        np.testing.assert_allclose(step.clean, clean, atol=1e-6)
        expected = add_noise(clean, noise, step.times, schedule)
        np.testing.assert_allclose(step.image, expected, atol=1e-6)
    # by hand: sqrt(0.1) * 0.5 - sqrt(0.9) * 0.3
    assert float(start[0, 0, 0, 0]) == pytest.approx(-0.12649, abs=1e-5)


def test_times_go_down_evenly() -> None:
    assert choose_times(8, 5) == [8, 6, 4, 2, 0]
    assert choose_times(0, 3) == [0, 0, 0]


def test_an_image_comes_back_from_little_noise_and_not_from_much(
    predict_noise: PredictNoise, schedule: Schedule
) -> None:
    with np.load(ZOO / "samples" / "fashion_mnist.npz") as arrays:
        image = (arrays["pixels"][3] / 127.5 - 1).astype(np.float32)
    wish = Wish(schedule.no_class, 0, 2.0, LEVEL_STEPS)
    done: list[float] = []
    revival = revive(predict_noise, schedule, image, wish, done.append)
    assert revival.noised.shape == revival.denoised.shape == (LEVELS, 28, 28)
    far = np.sqrt(((revival.denoised - image) ** 2).mean(axis=(1, 2))) / 2
    assert far[0] < 0.01 and far[3] < 0.1 < far[-1]
    np.testing.assert_allclose(revival.noised[0], image, atol=0.05)
    assert done[-1] == 1.0 and done == sorted(done)


def test_the_same_seed_is_the_same_picture(predict_noise: PredictNoise, schedule: Schedule) -> None:
    wish = Wish(1, 11, 2.0, 3)
    single = trace(predict_noise, schedule, wish).cleans[-1]
    together = generate(predict_noise, schedule, wish, 2)
    np.testing.assert_allclose(together[0], single, atol=1e-3)
    assert np.abs(together[1] - single).max() > 0.1


def test_the_generators_pictures_are_seeded_one_by_one() -> None:
    gan = OnnxGraph(ZOO / "generator.fashion_mnist", "predict.onnx")
    two, second = run_generator(gan, 4, 20, 2), run_generator(gan, 4, 21, 1)
    assert two.shape == (2, 28, 28) and np.abs(two).max() < 1.001
    np.testing.assert_allclose(two[1], second[0], atol=1e-5)

"""The page *GAN, forger and detective* on the committed networks."""

import base64
import json
from functools import partial
from io import BytesIO
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from dashboard import cache
from dashboard.generation.discriminator import (
    EDGES,
    GRADIENT,
    INTENSITY,
    OCCLUSION,
    RANDOM,
    Deletion,
)
from dashboard.inference.samples import CLOTHING, list_samples
from dashboard.views import VIEWS
from dashboard.views.gan import page as gan
from dashboard.views.gan.discriminator import AS_SEEN, describe_deletion, describe_photo
from dashboard.views.gan.drawing_pad import read_drawing
from dashboard.views.gan.replay import read_step
from tests.dashboard.app_driver import answer, has_text, list_figures, list_texts, open_view

open_page = partial(open_view, "gan")


def test_the_page_replays_walks_and_judges() -> None:
    app = open_page(**{"gan.from": "real", "gan.test": "5"})
    assert gan.VIEW in VIEWS and gan.VIEW.slug == "gan" and not gan.VIEW.has_model
    assert not app.exception and not app.error and not app.warning and not app.info
    assert len(app.get("bidi_component")) == 3  # replay, walk, maps
    assert has_text(app, "The detective says **")
    card = cache.get_model_card("discriminator.fashion_mnist")
    assert has_text(app, f"right about {card.metrics['real_right'].value:.0f} % of real")
    assert has_text(app, "the best trivial map")
    answer(app, "A forger that collapses", 1)
    assert not app.exception and has_text(app, "✅ Right.")
    collapsed = cache.get_model_card("generator_collapsed.fashion_mnist")
    share = collapsed.details["moments"]["step_00150"]["distinct"]
    assert has_text(app, f"only {share:.0f} % are distinct")
    assert len(app.get("bidi_component")) == 4


def test_variety_is_asked_for_by_the_game_and_not_by_a_fixed_detective() -> None:
    # Two pictures, equally frequent. The best detective of a forger that makes only the first
    # scores (-1, 1) within the hinge; that of a forger that makes both alike can only score 0.
    scores = [np.array(each) for each in product(np.linspace(-1, 1, 21), repeat=2)]
    real = np.array([0.5, 0.5])

    def answer_best(forged: np.ndarray) -> np.ndarray:
        return min(scores, key=lambda d: float(real @ (1 - d) + forged @ (1 + d)) + 1e-9 * d @ d)

    collapsed, varied = np.array([1.0, 0.0]), real
    caught = answer_best(collapsed)
    assert -collapsed @ caught == pytest.approx(1)
    assert -varied @ answer_best(varied) == pytest.approx(0, abs=1e-6)
    assert -np.array([0.0, 1.0]) @ caught < -varied @ caught  # one that stands still: one picture
    said = " ".join(gan.VIEW.theory.split())
    assert "Against a detective that stood still, nothing in the forger's loss" in said
    assert "The game as a whole does ask for it" in said


def test_an_empty_drawing_is_asked_for_and_nonsense_in_the_link_told() -> None:
    app = open_page(**{"gan.from": "drawn", "gan.class": "10", "gan.seed": "x"})
    assert not app.exception
    assert any("Draw a garment" in each.value for each in app.info)
    assert set(app.code[0].value.splitlines()) == {"gan.class=10", "gan.seed=x"}


def _encode(grey: int) -> bytes:
    """Return a photo with an even background and a darker or brighter middle."""
    pixels = np.full((80, 80), grey, np.uint8)
    pixels[20:60, 30:50] = 255 - grey
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_a_photo_s_garment_becomes_bright_on_black_and_an_empty_one_is_told() -> None:
    app = open_page(**{"gan.from": "photo", "gan.invert": "1"})
    assert has_text(app, "black and white swapped.") and not has_text(app, "is bright")
    app.toggle(key="gan.invert").set_value(False)
    next(each for each in app.button_group if each.key == "photo_source").set_value("Upload").run()
    app.file_uploader[0].upload("shirt.png", _encode(255), "image/png").run()
    assert not app.exception and has_text(app, "black and white swapped. Its background is bright")
    app.file_uploader[0].upload("grey.png", _encode(128), "image/png").run()
    assert not app.exception
    assert any("one even grey" in each.value for each in app.info)
    assert not has_text(app, "The detective says **")


def test_a_photo_is_said_to_be_what_the_cnn_sees_until_the_reader_says_otherwise() -> None:
    app = open_page(**{"gan.from": "photo"})
    samples = next(each for each in app.button_group if each.label == "Sample photo")
    judged = set()
    for sample in list_samples(CLOTHING)[:6]:
        samples.set_value(sample.name).run()
        said = app.selectbox(key="gan.said")
        assert not app.exception and said.value == AS_SEEN and "gan.said" not in app.query_params
        verdict = next(text for text in list_texts(app) if "The detective says **" in text)
        name = next(each for each in said.options if f"The CNN calls it {each} (" in verdict)
        _, maps = list_figures(app)[-2:]
        judged.add((name, json.loads(maps.proto.json)["name"].rpartition("/")[2]))
    assert len(judged) > 1 and all(said.options[int(label) + 1] == name for name, label in judged)
    said.set_value(1).run()
    assert not app.exception and dict(app.query_params)["gan.said"] == "1"
    samples.set_value(list_samples(CLOTHING)[0].name).run()
    assert app.selectbox(key="gan.said").value == 1  # and stays with the reader's word


def test_what_was_done_to_a_photo_is_told() -> None:
    assert describe_photo(False, False) == "Seen as a grey square of 28 × 28 pixels."
    assert "swapped" not in describe_photo(True, False)
    assert "bright" in describe_photo(True, False)


def test_the_question_knows_how_the_contest_ended() -> None:
    from dashboard.views.gan.networks import open_gan

    question = gan.create_question(open_gan())
    assert question.options[question.right] == "about 55 %"


def test_a_drawing_is_read_or_refused() -> None:
    pixels = np.arange(784, dtype=np.uint16).astype(np.uint8).reshape(28, 28)
    sent = base64.b64encode(pixels.tobytes()).decode()
    assert np.array_equal(read_drawing(SimpleNamespace(drawing=sent)), pixels)
    for bad in (None, 3, "?", sent[:-8], "A" * 5000):
        assert read_drawing(SimpleNamespace(drawing=bad)) is None
    assert read_drawing(None) is None


@pytest.mark.parametrize("fall, said", [(2.0, "costs the verdict 2.00"), (0.2, "do not trust")])
def test_a_map_that_is_no_better_is_called_so(fall: float, said: str) -> None:
    falls = {GRADIENT: fall, OCCLUSION: 0.0, EDGES: 0.5, INTENSITY: 0.1, RANDOM: 0.1}
    scores = {name: np.array([3.0, 3.0 - each]) for name, each in falls.items()}
    told = describe_deletion(Deletion(scores, {}, 0.1, 0.3))
    assert said in told
    assert ("No better than chance: Occlusion" in told) == (fall > 1)


def test_moments_are_named_by_their_step() -> None:
    assert read_step("step_00100") == 100

"""The page *GAN, forger and detective* on the committed networks."""

import base64
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache
from dashboard.generation.detective import EDGES, GRADIENT, INTENSITY, OCCLUSION, RANDOM, Deletion
from dashboard.views import VIEWS, gan
from dashboard.widgets.drawing_pad import read_drawing
from dashboard.widgets.gan_detective import describe_deletion
from dashboard.widgets.gan_replay import read_step
from tests.dashboard.app_driver import has_text


def open_page(**query: str) -> AppTest:
    """Return the page as a visitor with this link sees it, without the router."""
    script = """
from dashboard import state
from dashboard.views import gan
state.begin_run()
gan.render("")
state.write_url()
"""
    app = AppTest.from_string(script, default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def test_the_page_replays_walks_and_judges() -> None:
    app = open_page(**{"gan.from": "real", "gan.test": "5"})
    assert gan.VIEW in VIEWS and gan.VIEW.slug == "gan" and not gan.VIEW.has_model
    assert not app.exception and not app.error and not app.warning and not app.info
    assert len(app.get("bidi_component")) == 3  # replay, walk, maps
    assert has_text(app, "The detective says **")
    card = cache.get_model_card("discriminator.fashion_mnist")
    assert has_text(app, f"right about {card.metrics['real_right'].value:.0f} % of real")
    assert has_text(app, "the best trivial map")
    radio = next(each for each in app.radio if "A forger that collapses" in each.label)
    radio.set_value(0).run()
    next(b for b in app.button if b.key == "reveal_gan_collapse").click().run()
    assert not app.exception and has_text(app, "✅ Right.")
    assert len(app.get("bidi_component")) == 4


def test_an_empty_drawing_is_asked_for_and_nonsense_in_the_link_told() -> None:
    app = open_page(**{"gan.from": "drawn", "gan.class": "10", "gan.seed": "x"})
    assert not app.exception
    assert any("Draw a garment" in each.value for each in app.info)
    assert set(app.code[0].value.splitlines()) == {"gan.class=10", "gan.seed=x"}


def test_the_question_knows_how_the_contest_ended() -> None:
    from dashboard.widgets.gan_networks import open_gan

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

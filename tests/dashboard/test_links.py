"""A link restores the view: a control is a field of the link, or stands here with its reason."""

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from itertools import combinations, cycle
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.attribution import METHODS
from dashboard.views import VIEWS
from dashboard.views.black_box import disagreement
from dashboard.views.cnn import page as cnn_page
from dashboard.views.diffusion import page as diffusion_page
from dashboard.views.diffusion.settings import Wishes
from dashboard.views.explain import explanation
from dashboard.views.shift import corrupted_picture
from dashboard.widgets.copy_link import describe_left_out
from tests.dashboard.app_driver import QUICK, has_text, open_view, open_with_own_network
from tests.dashboard.browser_values import remember_names
from tests.dashboard.uploads.networks import create_network

SMALL, VIT = "cnn.fashion_mnist", "vit.fashion_mnist"
LITE0, LITE2 = "efficientnet_lite0.imagenet", "efficientnet_lite2.imagenet"

# Controls that no link holds, by their key (* for any letters), each with its reason.
UNLINKED: Mapping[str, str] = {
    "photo_source": "leads to the reader's own pictures, which stay on this machine",
    "own_photo_index": "one of the reader's own pictures",
    "upload_*": "the reader's own pictures",
    "camera_*": "the reader's own picture",
    "own_network": "the reader's own network, which stays on this machine",
    "own_model_*": "the reader's own network",
    "own.*": "says how the reader's own network is to be read",
    "gan_pad": "the reader's own drawing",
    "question_*": "the reader's answer: who opens a link is asked anew",
    "reveal_*": "a button: it does something once",
    "start_*": "a button: it does something once",
    "stop_*": "a button: it does something once",
    "again_*": "a button: it does something once",
    "walk_*": "a button: it sets controls that are in the link",
    "more_*": "a button: it sets a control that is in the link",
    "climb": "a button: it does something once",
    "copy_link": "makes the link",
}

BRANCHES: Sequence[tuple[str, Mapping[str, str]]] = (
    ("explain", {"model": SMALL, "methods": ",".join(method.name for method in METHODS)}),
    ("own-model", {}),
    *(("fundamentals", {"part": part}) for part in ("neuron", "network", "descent", "fit")),
    ("cnn", {"model": SMALL}),
    ("rnn", {}),
    ("transformer", {}),
    *(("gan", {"gan.from": source}) for source in ("forged", "real", "photo", "drawn")),
    *(("diffusion", {"diffusion.versus": by}) for by in ("guidance", "class", "none")),
    ("diffusion", {"diffusion.from": "test"}),
    ("diffusion", {"diffusion.invert": "1"}),
    ("families", {}),
    *(
        ("shift", {"model": SMALL, "shift.part": part})
        for part in ("grid", "sample", "unknown", "compare")
    ),
    *(
        ("black_box", {"model": SMALL, "box.test": test})
        for test in ("weights", "known", "tiny", "cue", "edit")
    ),
    ("data", {}),
    ("cost", {"model": SMALL}),
)


def find_unlinked(app: AppTest) -> list[str]:
    """Return the controls of a page that are neither in its link nor listed above."""
    fields = app.session_state["_url_fields"]
    found = []
    for control in app._tree:
        if not getattr(getattr(control, "proto", None), "id", "") or is_download(control):
            continue
        key = str(control.key)
        told = list_told(control)
        found += [each for each in told if each not in fields]
        is_listed = any(fnmatch(key, each) for each in UNLINKED)
        if not told and key not in fields and not is_listed:
            found.append(f"{control.type} {key}")
    return found


def list_told(control: Any) -> list[str]:
    """Return the fields that a figure in the browser holds: it is told them by their names."""
    if str(control.type) != "bidi_component":
        return []
    data = json.loads(control.proto.json)
    return data["key"].split("/") if data["state"] else []


def is_download(control: Any) -> bool:
    return str(control.type) == "download_button"


@pytest.fixture
def no_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes long and has no controls."""
    monkeypatch.setattr(explanation, "_explain", lambda *_: None)
    monkeypatch.setattr(cnn_page, "draw_evidence", lambda *_: None)
    monkeypatch.setattr(corrupted_picture, "compute_on_demand", lambda *_, **__: None)
    monkeypatch.setattr(disagreement, "compute_on_demand", lambda *_, **__: None)


@pytest.mark.usefixtures("no_maps")
@pytest.mark.parametrize(("slug", "query"), BRANCHES, ids=lambda each: str(each)[:40])
def test_every_control_is_in_the_link_or_has_a_reason(slug: str, query: Mapping[str, str]) -> None:
    app = open_view(slug, **query)
    assert not app.exception and not app.error
    assert find_unlinked(app) == []


def test_no_page_is_left_out() -> None:
    assert {slug for slug, _ in BRANCHES} == {view.slug for view in VIEWS}


@pytest.mark.usefixtures("no_maps")
def test_what_is_the_readers_own_is_not_in_the_link_and_the_link_says_so() -> None:
    with open_with_own_network("black_box", create_network().SerializeToString()) as app:
        assert find_unlinked(app) == []
        assert app.session_state["_url_left_out"] == ["your own network"]
        app.query_params["page"] = "own-model"
        app.run()
        assert find_unlinked(app) == []
        assert app.session_state["_url_left_out"] == ["your own network"]
    app = open_view("rnn")
    assert app.session_state["_url_left_out"] == []
    app.text_input(key="memory.text").set_value("a fine film " * 100).run()
    assert app.session_state["_url_left_out"] == ["your text beyond its first 600 characters"]


def test_the_sentence_on_what_a_link_leaves_out() -> None:
    assert describe_left_out(()) == ""
    assert describe_left_out(("your own picture", "your own network")) == (
        "It does not hold your own picture or your own network: who opens it sees the page without."
    )


Move = tuple[str, Sequence[object]]  # a control, and the values that it is given in turn

MOVES: Mapping[str, tuple[Mapping[str, str], Sequence[Move]]] = {
    "explain": (
        {"methods": "saliency,grad_cam,edges"},
        (
            ("model", (SMALL, LITE2, LITE0)),
            ("sample", ("coffee", "chelsea")),
            ("garment", ("clothing_dress", "clothing_ankle_boot")),
            ("target", (3, -1)),
            ("versus", (5, -1)),
            ("photo_source", ("Upload", "Samples")),
        ),
    ),
    "cnn": (
        {},
        (
            ("model", (LITE2, SMALL, LITE0)),
            ("sample", ("coffee", "chelsea")),
            ("garment", ("clothing_dress", "clothing_ankle_boot")),
            ("cnn.layer", (0, 1)),
            ("cnn.unit", (9, 1)),
        ),
    ),
    "shift": (
        {"shift.part": "compare"},
        (
            ("model", (SMALL, LITE0)),
            ("sample", ("coffee", "chelsea")),
            ("shift.corruption", ("hue", "snow")),
            ("shift.method", ("occlusion", "saliency")),
            ("shift.part", ("unknown", "grid")),
            ("shift.score", ("energy", "max_logit")),
        ),
    ),
    "black_box": (
        {"box.test": "cue"},
        (
            ("model", (SMALL, LITE0, VIT)),
            ("sample", ("coffee", "chelsea")),
            ("box.test", ("weights", "cue")),
            ("box.methods", (["grad_cam", "edges"], ["saliency"])),
            ("box.garment", (8, 7)),
        ),
    ),
    "fundamentals": (
        {"part": "descent"},
        (
            ("part", ("fit", "descent")),
            ("descent.surface", ("ravine", "two_valleys")),
            ("descent.x", (0.3, 0.4)),
            ("fit.samples", (30, 15)),
        ),
    ),
    "gan": (
        {},
        (
            ("gan.from", ("real", "photo", "forged")),
            ("gan.class", (3, 8)),
            ("gan.said", (4, -1)),
            ("gan.invert", (True, False)),
        ),
    ),
    "diffusion": (
        {"diffusion.steps": "2"},
        (
            ("diffusion.versus", ("class", "guidance", "none")),
            ("diffusion.class", (3, 9)),
            ("diffusion.class2", (9, 3)),
            ("diffusion.guidance", (0.0, 2.0)),
            ("diffusion.from", ("test", "photo")),
        ),
    ),
    "cost": ({}, (("model", (SMALL, LITE0, VIT)), ("cost.region", ("France", "Germany")))),
}


def walk(moves: Sequence[Move]) -> Iterator[tuple[str, object]]:
    """Yield changes such that any two controls follow one another in both orders."""
    values = {key: cycle(each) for key, each in moves}
    for (first, _), (second, _) in combinations(moves, 2):
        for key in (first, second, first):
            yield key, next(values[key])


def find_control(app: AppTest, key: str) -> Any:
    return next((each for each in app._tree if getattr(each, "key", None) == key), None)


def check_link(app: AppTest) -> None:
    """Check that the link says what is shown, and only that."""
    fields: Mapping[str, str | None] = app.session_state["_url_fields"]
    values: Mapping[str, object] = app.session_state["_url_values"]
    query = dict(app.query_params)
    for key, text in fields.items():
        assert query.get(key) == text, key
        assert app.session_state[key] == values[key], key


@pytest.mark.usefixtures("no_maps")
@pytest.mark.parametrize("slug", MOVES)
def test_any_change_after_any_other_keeps_the_page_and_its_link(
    slug: str,
) -> None:
    query, moves = MOVES[slug]
    with remember_names():
        app = open_view(slug, **query)
        for key, value in walk(moves):
            control = find_control(app, key)
            if control is not None and offers(control, value):
                control.set_value(value)
            app.run()
            assert not app.exception and not app.error, (key, value)
            check_link(app)
    query = {
        key: app.query_params[key]
        for key in app.session_state["_url_fields"]
        if key in app.query_params
    }
    again = open_view(slug, **query)
    for key, value in app.session_state["_url_values"].items():
        assert again.session_state["_url_values"][key] == value, key


def offers(control: Any, value: object) -> bool:
    """Whether a control with options has this one, which another network may not have."""
    if not hasattr(control, "options"):
        return True
    names = [control.format_func(each) for each in (value if isinstance(value, list) else [value])]
    return all(name in control.options for name in names)


def test_a_picture_is_never_compared_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    films: list[Wishes] = []
    monkeypatch.setattr(
        diffusion_page, "_draw_trajectories", lambda _, wishes: films.append(wishes)
    )
    app = open_view("diffusion", **{"diffusion.class": "3", "diffusion.versus": "class"})
    app.selectbox(key="diffusion.class").set_value(9).run()
    app.pills(key="diffusion.versus").set_value("guidance").run()
    app.select_slider(key="diffusion.guidance").set_value(0.0).run()
    assert not app.exception and len(films) == 4
    assert all(each.versus is not None and each.main != each.versus for each in films)
    app = open_view("gan", **{"gan.seed": "2"})
    assert has_text(app, "Both seeds are one noise")


@pytest.mark.usefixtures("no_maps")
@pytest.mark.parametrize(("slug", "key"), [("explain", "methods"), ("black_box", "box.methods")])
def test_names_in_a_list_that_mean_nothing_are_told_and_the_others_stay(
    slug: str, key: str
) -> None:
    def open_with(text: str) -> AppTest:
        app = open_view(slug, **{"model": SMALL, key: text})
        assert not app.exception
        return app

    app = open_with("edges,foo,saliency,bar")
    assert app.pills(key=key).value == ["edges", "saliency"]
    assert app.code[0].value == f"{key}=foo,bar"
    assert app.query_params[key] == "edges,saliency"
    assert open_with("foo").code[0].value == f"{key}=foo"
    app = open_with("")
    assert not app.code and app.pills(key=key).value == []
    assert has_text(app, "Choose at least one method.")


@pytest.mark.usefixtures("no_maps")
@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "-5", "999999999", "<b>", "0x10"])
def test_a_parameter_that_means_nothing_is_told_and_left_at_its_default(text: str) -> None:
    params = {f"{method.name}.{each.name}": each for method in METHODS for each in method.params}
    query = {"model": SMALL, "methods": ",".join(method.name for method in METHODS)}
    app = open_view("explain", **query, **dict.fromkeys(params, text))
    assert not app.exception
    assert set(app.code[0].value.splitlines()) == {f"{key}={text}" for key in params}
    assert all(app.session_state[key] == each.default for key, each in params.items())


# Links that were made before there was one helper for all controls, and what they opened.
OLD_LINKS: Sequence[tuple[str, Mapping[str, str], Mapping[str, object]]] = (
    ("explain", {"model": SMALL, "garment": "clothing_dress", "target": "3", "versus": "6",
                 "methods": QUICK}, {"target": 3, "versus": 6, "methods": ["intensity", "edges"]}),
    ("explain", {"methods": "occlusion,rise", "rise.n_masks": "300", "occlusion.fill": "black"},
     {"rise.n_masks": 300, "occlusion.fill": "black"}),
    ("fundamentals", {"part": "descent", "descent.surface": "ravine", "descent.x": "-0.5",
                      "descent.rate": "0.05", "descent.momentum": "0.9"},
     {"descent.x": -0.5, "descent.rate": 0.05, "descent.momentum": 0.9}),
    ("fundamentals", {"neuron": "1,0.5,0.8,-1.2,0.5,tanh"}, {}),
    ("cnn", {"model": SMALL, "cnn.layer": "1", "cnn.unit": "5"}, {"cnn.layer": 1, "cnn.unit": 5}),
    ("rnn", {"memory.text": "Dull.", "memory.lag": "8.0", "memory.seed": "3"},
     {"memory.text": "Dull.", "memory.lag": 8.0, "memory.seed": 3}),
    ("transformer", {"attention.first": "The cat saw the dog and it ran.", "attention.layer": "2",
                     "attention.head": "3", "attention.words": "5-2,10-3"},
     {"attention.layer": 2, "attention.head": 3, "attention.words": ((4, 1), (9, 2))}),
    ("gan", {"gan.class": "2", "gan.seed": "30", "gan.from": "photo", "gan.invert": "1",
             "gan.said": "4"}, {"gan.class": 2, "gan.invert": True, "gan.said": 4}),
    ("diffusion", {"diffusion.class": "1", "diffusion.versus": "class", "diffusion.class2": "8",
                   "diffusion.guidance": "3.0", "diffusion.steps": "2", "diffusion.seed": "11",
                   "diffusion.as": "4", "diffusion.level": "3"},
     {"diffusion.class2": 8, "diffusion.guidance": 3.0, "diffusion.as": 4, "diffusion.level": 3}),
    ("diffusion", {"diffusion.guidance": "3", "diffusion.invert": "1", "diffusion.steps": "2"},
     {"diffusion.guidance": 3.0, "diffusion.invert": True}),
    ("families", {"families.class": "1", "families.seed": "7", "families.text": "Boring."},
     {"families.class": 1, "families.seed": 7, "families.text": "Boring."}),
    ("shift", {"model": SMALL, "shift.corruption": "snow", "shift.part": "grid",
               "shift.all": "True", "shift.method": "saliency"},
     {"shift.corruption": "snow", "shift.all": True, "shift.method": "saliency"}),
    ("black_box", {"model": SMALL, "box.test": "cue", "box.garment": "12",
                   "box.cue_map": "occlusion"}, {"box.garment": 12, "box.cue_map": "occlusion"}),
    ("black_box", {"model": SMALL, "box.methods": "edges,saliency", "box.seed": "4"},
     {"box.methods": ["edges", "saliency"], "box.seed": 4}),
    ("data", {"data.upto": "6000.0", "data.aim": "95.0", "data.map": "occlusion"},
     {"data.upto": 6000.0, "data.aim": 95.0, "data.map": "occlusion"}),
    ("cost", {"model": SMALL, "cost.region": "France", "cost.answers": "1000"},
     {"cost.region": "France", "cost.answers": 1000}),
)  # fmt: skip


@pytest.mark.usefixtures("no_maps")
@pytest.mark.parametrize(("slug", "query", "shown"), OLD_LINKS)
def test_an_old_link_opens_what_it_opened(
    slug: str, query: Mapping[str, str], shown: Mapping[str, object]
) -> None:
    app = open_view(slug, **query)
    assert not app.exception and not app.error and not app.code
    assert {key: app.session_state[key] for key in shown} == shown
    check_link(app)

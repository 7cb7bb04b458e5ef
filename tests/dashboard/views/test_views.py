"""What every page keeps to, and the tour that leads through all of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.inference.errors import ZooError
from dashboard.views import GROUPS, VIEWS, View
from dashboard.views.explain import page as explain
from tests.dashboard.app_driver import list_texts, open_app

TOOLS = {"explain", "own-model"}  # they work on the reader's files and claim nothing themselves


@dataclass(frozen=True)
class Stop:
    """What a page had drawn: links to other pages by their label, as (path, hash)."""

    title: str
    errors: tuple[str, ...]
    texts: tuple[str, ...]
    pictures: tuple[str, ...]
    links: dict[str, tuple[str, str]]


def look(app: AppTest) -> Stop:
    links = [element.proto for element in app.get("page_link")]
    html = " ".join(element.proto.body for element in app.get("html"))
    return Stop(
        title=app.title[0].value if app.title else "",
        errors=tuple(str(each.value) for each in (*app.exception, *app.error)),
        texts=tuple(list_texts(app)),
        pictures=tuple(re.findall(r"<img[^>]*>", html)),
        links={link.label: (link.page, link.page_script_hash) for link in links},
    )


def follow(app: AppTest, stop: Stop, start: str) -> str | None:
    """Open the page whose link's label starts so; return its path, None without such a link."""
    found = [link for label, link in stop.links.items() if label.startswith(start)]
    if not found:
        return None
    app._page_hash = found[0][1]
    app.run()
    return found[0][0]


Parsers = dict[str, Callable[[str], Any]]


@pytest.fixture(scope="module")
def walk_and_parsers() -> tuple[list[tuple[str, Stop]], Parsers]:
    """Follow "Next" from the first page on.

    Return the path of every stop and what it had drawn, and what reads each field of a link.
    """
    parsers: Parsers = {}

    def bind(key: str, default: Any, parse: Any, *others: Any) -> Any:
        parsers[key] = parse
        return state_bind(key, default, parse, *others)

    state_bind = state.bind
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "bind", bind)
        app = open_app(methods="rise,edges", **{"rise.n_masks": "100"})
        stops = [(VIEWS[0].slug, look(app))]
        for _ in VIEWS:
            path = follow(app, stops[-1][1], "Next: ")
            if path is None:
                break
            stops.append((path, look(app)))
    return stops, parsers


@pytest.fixture
def walk(walk_and_parsers: tuple[list[tuple[str, Stop]], Parsers]) -> list[tuple[str, Stop]]:
    return walk_and_parsers[0]


def test_the_tour_visits_every_page_in_order(walk: list[tuple[str, Stop]]) -> None:
    assert [path for path, _ in walk] == [view.slug for view in VIEWS]
    for number, (_, stop) in enumerate(walk, 1):
        assert any(f"Tour: stop {number} of {len(VIEWS)}" in text for text in stop.texts)


def test_the_tour_ends_in_a_summary(walk: list[tuple[str, Stop]]) -> None:
    said = f"You have seen {len(VIEWS)} of {len(VIEWS)} pages and answered 0 questions"
    assert [any(said in text for text in stop.texts) for _, stop in walk] == [
        *[False] * (len(VIEWS) - 1),
        True,
    ]


def test_every_stop_leads_back_but_the_first(walk: list[tuple[str, Stop]]) -> None:
    for index, (_, stop) in enumerate(walk):
        back = [link[0] for label, link in stop.links.items() if label.startswith("Previous: ")]
        # The first page's path is the root.
        assert back == ([] if index == 0 else [VIEWS[index - 1].slug if index > 1 else ""])


def test_every_page_opens_in_an_empty_session(walk: list[tuple[str, Stop]]) -> None:
    assert len(walk) == len(VIEWS)
    for _, stop in walk:
        assert stop.title and not stop.errors


def test_every_page_that_claims_something_has_sources(walk: list[tuple[str, Stop]]) -> None:
    for path, stop in walk:
        assert path in TOOLS or any(re.search(r"\]\(https?://", text) for text in stop.texts), path


def test_pictures_have_alt_texts(walk: list[tuple[str, Stop]]) -> None:
    pictures = [picture for _, stop in walk for picture in stop.pictures]
    assert pictures and all(re.search(r'alt="[^"]+"', picture) for picture in pictures)


def test_no_field_of_a_link_breaks_its_page(
    walk_and_parsers: tuple[list[tuple[str, Stop]], Parsers],
) -> None:
    # Python reads no more than 4,300 digits as a whole number, and finds digits in every script.
    digits = ("9" * 4301, "-" + "9" * 4301, "0" * 4301, "0." + "9" * 4301, "9" * 4301 + "-1,1-1")
    others = ("", "-", "²", "٣", "nan", "inf", "1e999", "0x10", "1_0", " 1", ",", "1,,1", "\0")
    parsers = walk_and_parsers[1]
    assert {"target", "versus", "rise.n_masks", "cnn.unit", "attention.head"} <= parsers.keys()
    for parse in parsers.values():
        for text in (*digits, *others):
            parse(text)  # a value or None, and never an error


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.slug)
def test_a_page_says_what_it_is(view: View) -> None:
    assert re.fullmatch(r"[a-z]+([_-][a-z]+)*", view.slug)
    assert view.title and view.icon and view.help.endswith(".")
    assert view.group in GROUPS


def test_no_two_pages_share_a_path_or_a_name() -> None:
    assert len({view.slug for view in VIEWS}) == len({view.title for view in VIEWS}) == len(VIEWS)


def test_a_damaged_file_is_one_sentence_and_the_rest_of_the_app_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(subject: str) -> None:
        raise ZooError("The pictures in samples/x.npz cannot be read.")

    monkeypatch.setattr(explain, "select_photo", fail)
    found = look(open_app())
    assert found.errors == ("The pictures in samples/x.npz cannot be read.",)
    assert any(label.startswith("Next: ") for label in found.links)

"""What every page keeps to, and the tour that leads through all of them."""

import re
from dataclasses import dataclass

import pytest
from streamlit.testing.v1 import AppTest

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


@pytest.fixture(scope="module")
def walk() -> list[tuple[str, Stop]]:
    """Follow "Next" from the first page on: the path of every stop, and what it had drawn."""
    app = open_app()
    stops = [(VIEWS[0].slug, look(app))]
    for _ in VIEWS:
        path = follow(app, stops[-1][1], "Next: ")
        if path is None:
            break
        stops.append((path, look(app)))
    return stops


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

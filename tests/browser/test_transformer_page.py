"""Transformer, attention, in a real browser: heads leafed through, one opened, another sentence."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


def read_shares(texts: list[str]) -> float:
    return sum(float(text.removesuffix("\N{NO-BREAK SPACE}%")) for text in texts)


@pytest.mark.slow
def test_heads_and_temperature(server: str, page: Page) -> None:
    page.goto(f"{server}/transformer")
    settle(page)
    figure = page.locator(".attention_player")
    expect(figure.locator("section")).to_have_count(2)
    layer, head = figure.get_by_role("slider").all()
    shares = figure.locator("section").first.locator(".to b")
    expect(shares).to_have_count(16)
    assert read_shares(shares.all_inner_texts()) == pytest.approx(100, abs=1)
    before = shares.all_inner_texts()
    # Let go, either tells once where it stands: for the link, and for the head opened below.
    scrub(head, messages=1)
    scrub(layer, messages=1)
    layer.fill("2")
    head.fill("4")
    expect(page).to_have_url(re.compile(r"attention\.layer=3&attention\.head=5"))
    settle(page)
    assert shares.all_inner_texts() != before
    expect(page.get_by_role("heading", name="One head opened: layer 3, head 5")).to_be_visible()

    # Another word asks: its row sums to one as well, and the sentence below says so.
    figure.locator("section").first.get_by_role("button", name="from animal").click()
    assert read_shares(shares.all_inner_texts()) == pytest.approx(100, abs=1)
    expect(figure.locator(".what")).to_contain_text("“animal” looks at")
    expect(page).to_have_url(re.compile(r"attention\.words=3-"))  # and it asks in the opened head
    settle(page)
    asks = page.locator(".head_player").get_by_label("The word that asks")
    assert asks.locator("option:checked").inner_text() == "animal"

    opened = page.locator(".head_player")
    weights = opened.locator(".row b")
    own = weights.all_inner_texts()
    assert read_shares(own) == pytest.approx(100, abs=1)
    proof = opened.locator(".note").last.inner_text()
    off = re.search(r"differ by ([\d.]+) percentage points", proof)
    assert off is not None and float(off[1]) < 0.1
    temperature = opened.get_by_role("slider")
    temperature.fill("40")
    hot = weights.all_inner_texts()
    assert max(float(each[:-2]) for each in hot) < max(float(each[:-2]) for each in own)
    expect(opened.locator(".note").last).to_contain_text("not the network any more")
    scrub(temperature, messages=1)
    temperature.fill("0")
    expect(page).to_have_url(re.compile(r"attention\.temperature=0\.1"))
    page.goto(page.url)  # the link, for somebody else
    settle(page)
    assert temperature.input_value() == "0" and page.get_by_text("means nothing here").count() == 0
    assert asks.locator("option:checked").inner_text() == "animal"

    field = page.get_by_role("textbox", name="The first sentence")
    field.fill("The trophy didn't fit into the suitcase because it was too big.")
    field.press("Enter")
    settle(page)
    expect(figure.get_by_role("button", name="from trophy")).to_be_visible()


def test_the_pointer_is_one_head_whose_lines_are_the_answer(server: str, page: Page) -> None:
    page.goto(f"{server}/transformer")
    settle(page)
    figure = page.locator(".attention_player")
    expect(figure.locator(".grid").first).to_be_visible()
    figure.get_by_role("button", name="The resolver's pointer").click()
    settle(page)
    expect(figure.locator(".grid").first).to_be_hidden()
    expect(figure.locator(".what")).to_contain_text("“it” looks at “animal” with 100")
    opened = page.locator(".head_player")
    expect(page.get_by_role("heading", name="The pointer opened")).to_be_visible()
    expect(opened.locator(".row").first).not_to_contain_text("value (what it gives)")
    assert "attention.net=pointer" in page.url

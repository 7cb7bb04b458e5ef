"""RNN and LSTM in a real browser: a text scrubbed word by word, a memory cell opened."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_text_is_scrubbed_and_a_cell_opened(server: str, page: Page) -> None:
    page.goto(f"{server}/rnn?memory.text=A+dull+start+but+a+wonderful+end")
    settle(page)
    player = page.locator(".memory")
    slider = player.get_by_role("slider", name="word")
    expect(player.locator("output")).to_have_text("7 of 7: end")
    told = player.locator(".told")
    expect(told).to_contain_text("At “end”: memory")
    at_end = told.inner_text()
    scrub(slider)
    slider.press("Home")
    expect(player.locator("output")).to_have_text("1 of 7: a")
    expect(told).to_contain_text("At “a”: memory 0.00")
    forget = player.get_by_role("img", name="forget gate over the words")
    expect(forget.locator("rect")).to_have_count(7)
    player.get_by_role("button", name="wonderful").last.click()
    expect(player.locator("output")).to_have_text("6 of 7: wonderful")
    before = told.inner_text()
    player.get_by_role("combobox", name="unit").select_option(index=3)
    assert told.inner_text() not in (before, at_end)
    words = player.locator(".words").first.get_by_role("button")
    colours = [word.get_attribute("style") for word in words.all()]
    player.get_by_role("combobox", name="words coloured by").select_option("taken away")
    assert [word.get_attribute("style") for word in words.all()] != colours
    text = page.get_by_role("textbox", name="A sentence or two")
    text.fill("one fine film " * 100)  # a pasted review: longer than a link may be
    text.press("Enter")
    settle(page)
    expect(page.get_by_text("Only the first 64 words are read; 236 are left out.")).to_be_visible()
    page.get_by_role("button", name="Copy link to this").click()
    left_out = "It does not hold your text beyond its first 600 characters"
    expect(page.get_by_text(left_out)).to_be_visible()
    text.fill("🎬")
    text.press("Enter")
    settle(page)
    expect(page.get_by_text("There is no word in this text")).to_be_visible()

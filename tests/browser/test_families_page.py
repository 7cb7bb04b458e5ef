"""Families side by side in a real browser: another garment, the tour's bar, the copied link."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_garment_the_link_and_the_tour(server: str, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server}/families?families.class=1")
    settle(page)
    expect(page.get_by_alt_text("The GAN's picture of: Trouser")).to_be_visible()
    expect(page.get_by_alt_text("The diffusion model's picture of: Trouser")).to_be_visible()
    expect(page.locator("table.families tbody tr")).to_have_count(5)

    sentence = page.get_by_role("textbox", name="Sentence, in English")
    sentence.fill("Boring and awful.")
    sentence.press("Enter")
    settle(page)
    button = page.get_by_role("button", name="Copy link to this")
    box = button.bounding_box()
    assert box is not None and box["width"] > 3 * box["height"], "its words stand on one line"
    button.click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "families.class=1" in copied and "families.text=Boring" in copied

    page.get_by_role("link", name="Next: ").click()
    settle(page)
    assert "/families" not in page.url
    page.get_by_role("link", name="Previous: Families side by side").click()
    settle(page)
    expect(page.locator("table.families")).to_be_visible()


def test_a_phone_gets_cards_instead_of_a_wide_table(server: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 1600})
    page.goto(f"{server}/families")
    settle(page)
    expect(page.locator("table.families thead")).to_be_hidden()
    table = page.locator("table.families").bounding_box()
    assert table is not None and table["x"] + table["width"] <= 390

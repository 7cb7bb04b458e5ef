"""Data dependency in a real browser: networks scrubbed by their data, the law moved."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_networks_are_scrubbed_by_their_data_and_the_law_is_moved(server: str, page: Page) -> None:
    page.goto(f"{server}/data?garment=clothing_ankle_boot")
    settle(page)
    sequence = page.locator(".map_sequence")
    slider = sequence.get_by_role("slider")
    expect(sequence.locator("output")).to_have_text("60,000 images")
    says = sequence.locator(".what")
    expect(says).to_contain_text("It answers Ankle boot")
    scrub(slider, messages=1)
    slider.fill("0")
    expect(sequence.locator("output")).to_have_text("60 images")
    expect(says).not_to_contain_text("Ankle boot")
    law = page.get_by_text("it has not seen it foretells").first
    before = law.inner_text()
    page.get_by_role("slider", name="The law sees sets").press("ArrowLeft")
    settle(page)
    assert law.inner_text() != before and "data.upto=6000.0" in page.url

"""Distribution shift in a real browser: severities scrubbed, a cell opened, its map shown."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_severities_are_scrubbed_and_a_cell_is_opened(server: str, page: Page) -> None:
    page.goto(f"{server}/shift?model=cnn.fashion_mnist&garment=clothing_ankle_boot")
    settle(page)
    steps = page.locator(".sequence")
    slider = steps.get_by_role("slider")
    expect(steps.locator("output")).to_have_text("severity 3 of 5")
    before = steps.locator(".photo").first.get_attribute("src")
    slider.fill("0")
    expect(steps.locator(".what")).to_contain_text("The network says Ankle boot")
    assert steps.locator(".photo").first.get_attribute("src") != before
    scrub(slider)

    grid = page.locator(".grid")
    expect(grid.locator(".table button")).to_have_count(18 * 5)
    grid.get_by_role("button", name=re.compile("^Contrast, severity 5:")).click()
    expect(grid.locator("p")).to_contain_text("Contrast, severity 5: Ankle boot")
    page.keyboard.press("ArrowLeft")
    expect(grid.locator("p")).to_contain_text("Contrast, severity 4")
    grid.get_by_role("button", name="Show its map: Contrast").click()
    settle(page)
    assert "shift.corruption=contrast" in page.url
    expect(steps.locator(".what")).to_contain_text("The network")

"""Compute cost in a real browser: another region, and a network made 8-bit."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_another_region_and_eight_bits(server: str, page: Page) -> None:
    page.goto(f"{server}/cost?model=cnn.fashion_mnist&cost.region=Norway")
    settle(page)
    row = page.get_by_role("row", name="Its training")
    before = row.inner_text()
    page.get_by_role("combobox", name="Where the power comes from").click()
    page.get_by_role("option", name="India").click()
    settle(page)
    assert row.inner_text() != before and "cost.region=India" in page.url
    page.get_by_role("button", name="Make it 8-bit and compare").click()
    expect(page.get_by_text("the trivial comparison")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("row", name="right of 900")).to_be_visible()

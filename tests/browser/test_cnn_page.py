"""CNN, the eyes, in a real browser: layers leafed through, a unit opened, a kernel moved."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


def _add_up(sentence: str) -> tuple[float, float]:
    """Return (products together + bias, what the page says that this is)."""
    together, bias, total = re.findall(r"(?:together|bias|=) (-?\d+\.\d+)", sentence)
    return float(together) + float(bias), float(total)


@pytest.mark.slow
def test_layers_a_unit_and_the_convolution(server: str, page: Page) -> None:
    page.goto(f"{server}/cnn?model=cnn.fashion_mnist")
    settle(page)
    maps = page.locator(".maps")
    tiles = maps.locator(".tiles button")
    expect(maps.locator("h4")).to_have_text("Layer 3 late, 7 × 7")
    slider = maps.get_by_role("slider")
    slider.fill("0")
    expect(maps.locator("h4")).to_have_text("Layer 1 early, 28 × 28")
    expect(tiles).to_have_count(24)
    expect(tiles.locator(".kernel")).to_have_count(24)

    channel = tiles.nth(2).locator("small").inner_text()
    tiles.nth(2).click()
    settle(page)
    assert f"cnn.unit={channel}" in page.url and "cnn.layer=0" in page.url
    expect(page.get_by_role("spinbutton", name="Channel, 0 to 23")).to_have_value(channel)
    expect(maps.locator("h4")).to_have_text("Layer 1 early, 28 × 28")

    player = page.locator(".player")
    place = player.get_by_role("slider")
    place.fill("10")
    sentence = player.locator(".sum")
    expect(sentence).to_contain_text("Row 2, column 4")
    added, total = _add_up(sentence.inner_text())
    assert added == pytest.approx(total, abs=0.011)
    player.locator(".output i").nth(48).hover()
    expect(sentence).to_contain_text("Row 7, column 7")

    scrub(place)


def test_a_layer_outlives_another_network_and_another_photo(server: str, page: Page) -> None:
    page.goto(f"{server}/cnn?cnn.layer=1")
    settle(page)
    layer = page.get_by_role("combobox", name="Layer")
    expect(layer).to_have_value(re.compile("56 × 56"))
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=re.compile("Lite2")).click()
    settle(page)
    expect(layer).to_have_value(re.compile("65 × 65"))  # the same one, by its new name
    page.get_by_role("radio", name="Espresso").click()
    settle(page)
    expect(page.get_by_text("The network says espresso")).to_be_visible()
    expect(layer).to_have_value(re.compile("65 × 65"))
    assert "cnn.layer=1" in page.url

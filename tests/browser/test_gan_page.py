"""GAN in a real browser: the contest scrubbed, a garment drawn with pointer and keyboard."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_the_contest_is_scrubbed_and_a_drawing_judged(server: str, page: Page) -> None:
    page.goto(f"{server}/gan?gan.from=drawn&gan.said=1")
    settle(page)
    replay = page.locator(".diffusion").first
    slider = replay.get_by_role("slider")
    expect(replay).to_contain_text("Step 7,500 of 7,500")
    scrub(slider)
    slider.press("Home")
    expect(replay).to_contain_text("opens with your answer")
    expect(replay.locator(".chart")).to_have_count(0)
    page.get_by_text("about 98 %", exact=True).click()
    settle(page)
    page.get_by_role("button", name="Reveal").first.click()
    settle(page)
    expect(replay.locator(".chart polyline")).to_have_count(2)
    expect(replay).to_contain_text("After 100 steps the detective of that moment catches")
    expect(page.get_by_text("Draw a garment in white")).to_be_visible()
    canvas = page.locator(".pad canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + 0.9 * box["height"], steps=8)
    page.mouse.up()
    settle(page)
    expect(page.get_by_text("It is right about")).to_be_visible()
    expect(page.locator(".sequence")).to_contain_text("Occlusion")
    canvas.focus()
    canvas.press("Delete")
    settle(page)
    expect(page.get_by_text("Draw a garment in white")).to_be_visible()
    for _ in range(12):
        canvas.press(" ")
        canvas.press("ArrowDown")
    page.get_by_role("button", name="Judge it").click()
    settle(page)
    expect(page.get_by_text("It is right about")).to_be_visible()

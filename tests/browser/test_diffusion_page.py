"""Diffusion, out of noise, in a real browser: scrubbed back and forth, played, a level settled."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_steps_are_scrubbed_and_a_level_is_kept(server: str, page: Page) -> None:
    page.goto(f"{server}/diffusion?diffusion.steps=10")
    settle(page)
    steps, levels = page.locator(".diffusion").nth(0), page.locator(".diffusion").nth(1)
    slider = steps.get_by_role("slider")
    clean = steps.get_by_role("img", name=re.compile("Ankle boot, guidance 2.*Guess"))
    slider.fill("0")
    expect(steps.locator(".title")).to_contain_text("Step 1 of 10")
    expect(clean).to_have_css("background-position", "0% 0px")
    slider.fill("9")
    expect(steps.locator(".title")).to_contain_text("Step 10 of 10")
    expect(clean).to_have_css("background-position", "100% 0px")
    expect(steps.locator(".note").first).to_contain_text("The CNN calls the guess Ankle boot")
    steps.get_by_role("button", name="One back").click()
    expect(steps.locator(".title")).to_contain_text("Step 9 of 10")

    steps.get_by_role("button", name="play").click()
    expect(steps.locator(".title")).to_contain_text("Step 10 of 10")
    expect(steps.get_by_role("button", name="play")).to_be_visible()

    level = levels.get_by_role("slider")
    level.fill("2")
    level.dispatch_event("change")
    settle(page)
    assert "diffusion.level=2" in page.url
    expect(levels.locator(".title")).to_contain_text("Level 2 of 12")
    expect(levels.locator(".note")).to_contain_text("The CNN calls yours Ankle boot")

    scrub(slider)

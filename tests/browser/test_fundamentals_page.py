"""Fundamentals in a real browser: sliders, steps, edges, a click on the mountain."""

import math
import re

import pytest
from playwright.sync_api import Page, expect

from dashboard.learning.frames import Lesson, create_network_scene
from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


def read_number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_the_neuron_computes_and_the_link_follows(server: str, page: Page) -> None:
    page.goto(f"{server}/fundamentals")
    settle(page)
    neuron = page.locator(".neuron_figure")
    neuron.get_by_role("button", name="tanh").click()
    neuron.get_by_role("slider").nth(4).fill("-1")
    neuron.get_by_role("slider").nth(4).press("ArrowRight")
    settle(page)
    right = math.tanh(1 * 0.8 + 0.5 * -1.2 - 0.9)
    told = neuron.locator(".sum").inner_text()
    assert read_number(re.findall(r"[−\d.]+\d", told)[-1]) == pytest.approx(right, abs=6e-4)
    assert "neuron=1%2C0.5%2C0.8%2C-1.2%2C-0.9%2Ctanh" in page.url
    expect(neuron.get_by_role("slider").nth(4)).to_be_focused()


@pytest.mark.slow
def test_the_network_steps_and_scrubs(server: str, page: Page) -> None:
    page.goto(f"{server}/fundamentals?part=network")
    settle(page)
    player = page.locator(".network_player")
    slider = player.get_by_role("slider")
    scrub(slider, messages=1)
    slider.fill("20")
    shares = create_network_scene(Lesson())["frames"][20]["g"]
    player.get_by_role("button", name="3 Backward").click()
    expect(player.locator(".hit")).to_have_count(23)
    told = []
    for _ in range(60):  # the shares of all points have the mean that the server computed
        title = player.locator(".hit title").nth(5).text_content() or ""
        told.append(read_number(re.findall(r"= ([−\d.]+),", title)[0]))
        player.get_by_role("button", name="Another point").click()
    assert sum(told) / 60 == pytest.approx(shares[5], abs=6e-4)
    for phase in ("Update: ", "Forward: "):
        player.get_by_role("button", name="Next phase").click()
        expect(player.locator(".what")).to_contain_text(phase)
    expect(player.locator("output")).to_have_text("step 21 of 300")


@pytest.mark.slow
def test_a_click_on_the_mountain_starts_there(server: str, page: Page) -> None:
    page.goto(f"{server}/fundamentals?part=descent")
    settle(page)
    player = page.locator(".descent_player")
    expect(player.locator(".verdict")).to_contain_text("not the deepest")
    scrub(player.get_by_role("slider"), messages=1)
    player.get_by_label("Blindfold").check()
    scrub(player.get_by_role("slider"), messages=1)
    box = player.locator(".map svg").bounding_box()
    assert box is not None
    player.locator(".map svg").click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.25})
    settle(page)
    expect(player.locator(".verdict")).to_contain_text("lowest point")
    assert "descent.x=-1" in page.url


def test_the_degree_is_scrubbed(server: str, page: Page) -> None:
    page.goto(f"{server}/fundamentals?part=fit")
    settle(page)
    player = page.locator(".degree_player")
    scrub(player.get_by_role("slider"), messages=1)
    player.get_by_role("slider").fill("3")
    expect(player.locator(".what")).to_contain_text("The best of all")
    slider = player.get_by_role("slider")
    slider.fill(str(slider.get_attribute("max")))
    expect(player.locator(".what")).to_contain_text("double descent")

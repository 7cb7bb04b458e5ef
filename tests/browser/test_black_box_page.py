"""Black box in a real browser: a pair of maps opened, layers shuffled, steps scrubbed."""

import re

import pytest
from playwright.sync_api import Page, expect

from dashboard.attribution import METHODS
from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_pair_is_compared_and_the_shuffled_layers_are_scrubbed(server: str, page: Page) -> None:
    page.goto(f"{server}/black_box?model=cnn.fashion_mnist&garment=clothing_dress")
    settle(page)
    matrix = page.locator(".agreement")
    expect(matrix.locator(".thumbs button")).to_have_count(len(METHODS))
    expect(matrix.locator(".matrix button")).to_have_count(len(METHODS) * (len(METHODS) - 1))
    matrix.get_by_role("button", name="Edges and Intensity: rank correlation").first.click()
    sentence = matrix.locator(".what")
    expect(sentence).to_contain_text("Edges and Intensity: rank correlation 0.")
    before = sentence.inner_text()
    matrix.get_by_role("slider").fill("2")
    assert "of the top 20 %" in sentence.inner_text() != before
    scrub(matrix.get_by_role("slider"))

    page.locator("label", has_text="The edges of the picture").first.click()
    settle(page)
    page.get_by_role("button", name="Reveal").first.click()
    settle(page)
    cascade = page.locator(".sequence")
    slider = cascade.get_by_role("slider")
    expect(cascade.locator("output")).to_have_text("6 of 6 shuffled")
    edges = cascade.locator("li", has_text="Edges").locator("b")
    expect(edges).to_have_text("1.00")  # it never asked the network
    gradient = cascade.locator("li", has_text="Saliency").locator("b")
    assert float(gradient.inner_text()) < 0.5
    slider.fill("0")
    expect(gradient).to_have_text("1.00")
    expect(cascade.locator(".what")).to_contain_text("as it was trained")
    scrub(slider)

    page.get_by_text("The smallest edit", exact=True).click()
    settle(page)
    assert re.search(r"box\.test=edit", page.url)
    expect(page.locator(".sequence figcaption").first).to_have_text("What the network sees")

"""The main job in a real browser: a photo in, a prediction with tested maps out."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dashboard.inference.samples import FOLDER
from tests.browser.conftest import scrub, settle

pytestmark = pytest.mark.browser

# Quick methods: RISE, the default, would take this small machine most of a minute.
QUICK = "methods=intensity%2Cedges"


def _upload(page: Page, *files: tuple[str, str, bytes]) -> None:
    # After an upload the page draws a new, empty uploader; the old one goes a moment later. Only
    # that says that the files have arrived: until then the page looks settled.
    uploader = page.get_by_test_id("stFileUploaderDropzoneInput")
    expect(uploader).to_have_count(1, timeout=30_000)
    uploader.evaluate("input => { input.dataset.sent = 'yes' }")
    uploader.set_input_files(
        [{"name": name, "mimeType": mime, "buffer": data} for name, mime, data in files]
    )
    expect(page.locator("input[data-sent]")).to_have_count(0, timeout=60_000)
    settle(page)


def _choose(page: Page, label: str) -> None:
    page.get_by_role("radio", name=label).or_(page.get_by_role("button", name=label)).first.click()
    settle(page)


@pytest.mark.slow
def test_a_photo_is_uploaded_explained_downloaded_and_its_link_reopened(
    server: str, page: Page, tmp_path: Path
) -> None:
    page.goto(f"{server}/?{QUICK}")
    settle(page)
    _choose(page, "Upload")
    _upload(page, ("coffee.jpg", "image/jpeg", (FOLDER / "coffee.jpg").read_bytes()))

    expect(page.get_by_role("heading", name="espresso", exact=False).first).to_be_visible()
    maps = page.locator(".card .stack img.map")
    expect(maps).to_have_count(2)
    assert all(maps.nth(i).evaluate("image => image.naturalWidth") == 224 for i in range(2))
    expect(page.locator(".card .verdict")).to_have_count(2)

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Picture of the maps").click()
    picture = Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert picture.format == "PNG"
    assert np.asarray(picture.convert("L")).std() > 10

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Figures").click()
    figures = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert [method["name"] for method in figures["methods"]] == ["intensity", "edges"]


@pytest.mark.slow
def test_a_link_restores_model_photo_class_methods_and_parameters(server: str, page: Page) -> None:
    link = (
        f"{server}/?model=efficientnet_lite2.imagenet&sample=coffee&target=968&versus=967"
        "&methods=edges%2Crandom"
    )
    page.goto(link)
    settle(page)
    expect(page.locator(".card h4")).to_contain_text(["Random", "Edges"])
    expect(page.get_by_text("EfficientNet-Lite2").first).to_be_visible()
    for part in ("sample=coffee", "target=968", "versus=967", "model=efficientnet_lite2"):
        assert part in page.url
    address = page.url
    page.reload()
    settle(page)
    assert page.url == address
    expect(page.locator(".card")).to_have_count(2)


@pytest.mark.slow
def test_opacity_moves_in_the_browser_alone(server: str, page: Page) -> None:
    page.goto(f"{server}/?{QUICK}")
    settle(page)
    slider = page.get_by_label("Opacity of the maps")
    scrub(slider, messages=1)
    slider.fill("40")
    shown = page.locator(".card .stack img.map").first
    assert float(shown.evaluate("image => getComputedStyle(image).opacity")) == pytest.approx(0.4)


@pytest.mark.slow
def test_the_photo_is_watched_disappearing_in_the_order_of_the_map(server: str, page: Page) -> None:
    page.goto(f"{server}/?model=cnn.fashion_mnist&{QUICK}")
    settle(page)
    page.get_by_role("button", name="Take away").click()
    player = page.get_by_label("Share of the pixels")
    expect(player).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    settle(page)
    shown = page.locator(".card canvas.vanishing").first
    expect(shown).to_be_visible()

    def read_pixels() -> tuple[int, int]:
        count = """canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            const grey = data.filter((value, at) => at % 4 === 0 && value === 128).length
            return [grey, data.length / 4]
        }"""
        grey, total = shown.evaluate(count)
        return grey, total

    player.fill("0")
    expect(page.get_by_text("0\u00a0% of the pixels taken away")).to_be_visible()
    whole, total = read_pixels()
    player.fill("12")
    expect(page.get_by_text("50\u00a0% of the pixels taken away")).to_be_visible()
    page.wait_for_timeout(300)  # the canvas is painted a moment after the words
    half, _ = read_pixels()
    assert half - whole > 0.4 * total
    drawn = page.locator(".card polyline.deletion").first.get_attribute("points")
    assert drawn is not None and len(drawn.split()) == 13
    settle(page)
    assert "maps.view=away" in page.url and "maps.step=12" in page.url
    page.reload()
    settle(page)
    expect(page.get_by_text("50\u00a0% of the pixels taken away")).to_be_visible()


@pytest.mark.slow
def test_a_bad_upload_says_what_to_do_and_keeps_what_was_there(server: str, page: Page) -> None:
    page.goto(f"{server}/?{QUICK}")
    settle(page)
    _choose(page, "Upload")
    _upload(page, ("coffee.jpg", "image/jpeg", (FOLDER / "coffee.jpg").read_bytes()))
    before = page.locator(".card .stack img.photo").first.get_attribute("src")
    name = "**bold**<img src=x onerror=alert(1)>.png"
    _upload(page, (name, "image/png", b"MZ\x90\x00" + bytes(200)))
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
    expect(page.get_by_text(name, exact=False)).to_be_visible()
    assert page.locator("img[src='x']").count() == 0
    assert page.locator(".card .stack img.photo").first.get_attribute("src") == before
    assert page.get_by_test_id("stException").count() == 0


def test_long_work_shows_progress_and_can_be_stopped(server: str, page: Page) -> None:
    page.goto(f"{server}/?methods=rise&rise.n_masks=4000&sample=rocket")
    stop = page.get_by_role("button", name="Stop", exact=True).last
    stop.wait_for(timeout=60_000)
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=60_000)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    settle(page)
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()

import colorsys
import io

import numpy as np
import pytest
from PIL import Image

from dashboard.overlays import (
    Scale,
    compose_overlay,
    compute_scale,
    describe_ends,
    encode_gradient,
    encode_png,
    render_heat,
)

RAMP = np.linspace(-1, 1, 201, dtype=np.float32)[None]  # (1, 201)
UP = np.linspace(0, 1, 101, dtype=np.float32)[None]


def luminance(rgba: np.ndarray) -> np.ndarray:
    """Relative luminance (W,) of one row of colours, by WCAG's formula."""
    linear = np.where(
        (c := rgba[0, :, :3] / 255) <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]


def test_scale_is_a_percentile_so_that_an_outlier_dims_nothing():
    heat = np.linspace(0, 1, 1001, dtype=np.float32).reshape(7, 143)
    signed, unsigned = compute_scale(heat, is_signed=True), compute_scale(heat, is_signed=False)
    assert (signed.low, signed.high) == pytest.approx((-0.995, 0.995))
    assert (unsigned.low, unsigned.high) == pytest.approx((0.005, 0.995))
    heat[0, 0] = 1e6
    assert compute_scale(heat, is_signed=True).high < 1


def test_scale_of_a_signed_map_counts_negative_values():
    assert compute_scale(np.full((9, 9), -3, np.float32), True) == Scale(-3, 3)


def test_scale_of_an_unsigned_map_leaves_its_floor_out():
    rise = np.linspace(0.5, 0.6, 1000, dtype=np.float32).reshape(20, 50)
    assert compute_scale(rise, False).low == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("is_signed", [True, False])
def test_one_pixel_in_a_thousand_is_still_shown(is_signed):
    heat = np.zeros((40, 50), np.float32)
    heat[3, 4] = 2
    assert compute_scale(heat, is_signed).high == 2


@pytest.mark.parametrize("value", [0.0, 0.7, -0.7])
@pytest.mark.parametrize("is_signed", [True, False])
def test_constant_map_has_a_legal_scale_and_colour(value, is_signed):
    heat = np.full((5, 5), value, np.float32)
    scale = compute_scale(heat, is_signed)
    assert scale.low < scale.high
    assert np.ptp(render_heat(heat, scale, is_signed), axis=(0, 1)).tolist() == [0, 0, 0, 0]


def test_unsigned_colours_get_steadily_lighter():
    assert (np.diff(luminance(render_heat(UP, Scale(0, 1), False, transparent=False))) >= 0).all()
    first, last = render_heat(UP, Scale(0, 1), False, transparent=False)[0, [0, -1], :3].tolist()
    assert (first, last) == ([0x44, 0x01, 0x54], [0xFD, 0xE7, 0x25])  # viridis's ends


def test_signed_colours_darken_from_white_to_both_sides():
    colors = render_heat(RAMP, Scale(-1, 1), True, transparent=False)
    light = luminance(colors)
    assert (np.diff(light[:100]) >= 0).all() and (np.diff(light[101:]) <= 0).all()
    assert (colors[0, 100, :3] > 240).all()


@pytest.mark.parametrize("transparent", [True, False])
def test_for_is_red_and_against_is_blue(transparent):
    colors = render_heat(RAMP, Scale(-1, 1), True, transparent)[0, [10, 190], :3] / 255
    against, pro = (colorsys.rgb_to_hsv(*color)[0] * 360 for color in colors)
    assert 195 < against < 225 and (pro > 340 or pro < 20)


@pytest.mark.parametrize(("ramp", "is_signed"), [(RAMP[:, 100:], True), (UP, False)])
def test_alpha_grows_with_strength_from_nothing_to_full(ramp, is_signed):
    scale = Scale(-1, 1) if is_signed else Scale(0, 1)
    alpha = render_heat(ramp, scale, is_signed)[0, :, 3].astype(int)
    assert alpha[0] <= 4 and alpha[-1] == 255 and (np.diff(alpha) >= 0).all()


def test_alpha_is_the_same_for_and_against():
    alpha = render_heat(RAMP, Scale(-1, 1), True)[0, :, 3].astype(int)
    assert np.abs(alpha - alpha[::-1]).max() <= 4


def test_opaque_map_is_opaque_and_values_past_the_ends_are_clipped():
    beyond = np.array([[-9, -1, 1, 9]], np.float32)
    colors = render_heat(beyond, Scale(-1, 1), True, transparent=False)
    assert (colors[..., 3] == 255).all()
    assert (colors[0, 0] == colors[0, 1]).all() and (colors[0, 2] == colors[0, 3]).all()


def test_shape_and_type():
    image = render_heat(np.zeros((3, 5), np.float32), Scale(-1, 1), True)
    assert image.shape == (3, 5, 4) and image.dtype == np.uint8


@pytest.mark.parametrize("n_channels", [3, 4])
def test_png_decodes_to_the_same_pixels(n_channels):
    image = np.random.default_rng(0).integers(0, 256, (7, 9, n_channels), dtype=np.uint8)
    decoded = Image.open(io.BytesIO(encode_png(image)))
    assert decoded.format == "PNG" and np.array_equal(np.asarray(decoded), image)


def test_compose_by_hand():
    photo = np.array([[[200, 100, 0]]], np.uint8)
    overlay = np.array([[[0, 200, 100, 255]]], np.uint8)
    assert compose_overlay(photo, overlay, 0.0, is_grey=False).tolist() == [[[200, 100, 0]]]
    assert compose_overlay(photo, overlay, 1.0, is_grey=False).tolist() == [[[0, 200, 100]]]
    assert compose_overlay(photo, overlay, 0.5, is_grey=False).tolist() == [[[100, 150, 50]]]
    grey = np.asarray(Image.fromarray(photo).convert("L"))[0, 0]
    mixed = compose_overlay(photo, overlay, 0.0, is_grey=True)[0, 0].astype(int)
    assert (np.abs(mixed - grey) <= 1).all() and np.ptp(mixed) == 0


@pytest.mark.parametrize("is_signed", [True, False])
def test_colour_bar_shows_what_the_map_shows(is_signed):
    gradient = encode_gradient(is_signed)
    scale = Scale(-1, 1) if is_signed else Scale(0, 1)
    r, g, b, _ = render_heat(np.ones((1, 1), np.float32), scale, is_signed)[0, 0]
    assert gradient.startswith("linear-gradient(to right, rgba(")
    assert gradient.endswith(f"rgba({r},{g},{b},1.00))")
    assert gradient.count("rgba") == 18


def test_ends_have_names():
    assert describe_ends(True) == ("against", "for") and describe_ends(False) == ("weak", "strong")

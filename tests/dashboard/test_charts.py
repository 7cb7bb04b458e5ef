import json

import altair as alt
import pytest

from dashboard import charts
from dashboard.charts import curve_points, plot_top_classes
from dashboard.faithfulness.curves import Curve
from dashboard.inference.counts import tell_share

LABELS = ["tabby", "tiger cat", "lynx", "tabby", "a class with a very long name, longer than any"]
PROBS = [0.912, 0.05, 0.02, 0.01, 0.0004]


def all_specs():
    return [
        plot_top_classes(LABELS, PROBS, 0, 2),
        plot_top_classes([], []),
    ]


def luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("spec", all_specs())
def test_spec_is_valid_vega_lite(spec):
    alt.Chart.from_dict(spec, validate=True)  # raises SchemaValidationError
    assert spec["$schema"].startswith(alt.SCHEMA_URL.rsplit(".json")[0].rsplit(".", 2)[0])


@pytest.mark.parametrize("spec", all_specs())
def test_spec_is_plain_json_for_light_and_dark(spec):
    text = json.dumps(spec, allow_nan=False)
    assert json.loads(text) == spec
    assert spec["background"] == "transparent" and spec["width"] == "container"
    assert f"93{spec['config']['locale']['number']['percent']}" == tell_share(0.93)
    assert len(spec["description"]) > 20
    assert not {"labelColor", "titleColor", "domainColor", "gridColor"} & set(text.split('"'))


@pytest.mark.parametrize(
    "color",
    [charts.INSERTION_COLOR, charts.DELETION_COLOR, charts.GREY, charts.TARGET_COLOR],
)
def test_lines_and_bars_stand_out_on_white_and_on_near_black(color):
    for page in ("#FFFFFF", "#0E1117"):
        light, dark = sorted((luminance(color), luminance(page)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3  # WCAG 1.4.11


def test_palette_is_okabe_and_itos():
    palette = {charts.BLACK, charts.ORANGE, charts.SKY_BLUE, charts.GREEN}
    palette |= {charts.YELLOW, charts.BLUE, charts.VERMILLION, charts.PURPLE}
    assert len(palette) == 8
    assert charts.VERMILLION == "#D55E00" and charts.BLUE == "#0072B2"
    assert {charts.TONE_COLORS[tone] for tone in ("good", "middling", "poor")} <= palette


def test_top_classes_keep_their_order_and_say_their_percentages():
    spec = plot_top_classes(LABELS, PROBS, 0)
    rows = spec["data"]["values"]
    assert [row["probability"] for row in rows] == PROBS
    assert [row["label"] for row in rows] == LABELS
    assert spec["encoding"]["y"]["sort"] == [row["class"] for row in rows]
    assert rows[0]["class"] == "tabby  91.2\u00a0%"
    assert "tabby  91.2\u00a0%; tiger cat  5.0\u00a0%" in spec["description"]


def test_long_labels_are_shortened_but_whole_in_the_tooltip():
    row = plot_top_classes(LABELS, PROBS)["data"]["values"][4]
    assert (
        row["class"] == "a class with a very long name…  0.0\u00a0%" and row["label"] == LABELS[4]
    )


def test_two_classes_of_one_name_keep_two_bars():
    rows = plot_top_classes(["crane", "crane"], [0.3, 0.3])["data"]["values"]
    assert len({row["class"] for row in rows}) == 2


def test_explained_and_contrasted_classes_are_marked():
    spec = plot_top_classes(LABELS, PROBS, highlighted=1, versus=0)
    roles = [row["role"] for row in spec["data"]["values"]]
    assert roles == ["contrasted with", "explained", "other", "other", "other"]
    weight = spec["encoding"]["y"]["axis"]["labelFontWeight"]
    assert weight["condition"]["test"]["equal"] == "tiger cat  5.0\u00a0%"


def test_classes_outside_the_rows_mark_nothing():
    spec = plot_top_classes(LABELS, PROBS, highlighted=None, versus=77)
    assert {row["role"] for row in spec["data"]["values"]} == {"other"}


def test_curve_points_are_rounded_pairs():
    rising = Curve((0.0, 1 / 3, 1.0), (0.0, 0.5, 1.0))
    assert curve_points(rising) == [[0.0, 0.0], [0.3333, 0.5], [1.0, 1.0]]

"""The charts of the page on distribution shift: valid, and spoken."""

import altair as alt
import numpy as np

from dashboard.limits.calibration import measure_calibration
from dashboard.limits.sample_shift import Level, SampleShift
from dashboard.views.shift.charts import plot_errors, plot_reliability, plot_scores, plot_severities


def create_shift() -> SampleShift:
    logits = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    found = measure_calibration(logits, np.array([0, 1, 1]))
    return SampleShift(tuple(Level(level, found, found) for level in range(6)), 1.0, 3)


def test_charts_are_valid() -> None:
    specs = [
        plot_severities(create_shift()),
        plot_reliability(create_shift()),
        plot_errors({"CNN": {"Fog": 10.0}, "ViT": {"Fog": 12.0}}, ["Fog"]),
        plot_scores("Energy", {"clothes": np.arange(9.0), "digits": np.ones(3)}, 2.0, 4.0),
        plot_scores("Energy", {"clothes": np.arange(9.0)}, 2.0, None),
    ]
    for spec in specs:
        alt.Chart.from_dict(spec, validate=True)
    assert "accuracy 67\u00a0%" in specs[0]["description"]


def test_a_histogram_adds_up() -> None:
    spec = plot_scores("Energy", {"clothes": np.arange(9.0), "digits": np.ones(3)}, 2.0, 20.0)
    rows = spec["layer"][0]["data"]["values"]
    for title in ("clothes", "digits"):
        assert abs(sum(row["share"] for row in rows if row["pictures"] == title) - 1) < 1e-3

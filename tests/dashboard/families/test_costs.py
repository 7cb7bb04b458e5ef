from pathlib import Path

import pytest

from dashboard.families.costs import Cost, describe_cost, render_table, write
from dashboard.families.descriptions import FAMILIES, LSTM, TRANSFORMER
from dashboard.inference.cards import load_model_card
from dashboard.inference.latency import Latency
from dashboard.views.families.page import WORDS
from export.macs import count_macs

ZOO = Path(__file__).resolve().parents[3] / "models" / "zoo"
LATENCY = Latency(2.0, 3.0, 1.5, 2.5, 9)


def test_an_answer_of_many_passes_costs_all_of_them() -> None:
    family = FAMILIES[-1]
    cost = Cost(family, load_model_card(ZOO / family.model), LATENCY, 50, "50 <passes>")
    assert cost.answer == Latency(100.0, 150.0, 75.0, 125.0, 9)
    assert cost.macs == 50 * 63876288
    assert cost.uses == pytest.approx(50 * 63876288 / cost.card.parameters)
    assert describe_cost(cost)[0] == "100 ms (75.0–125)"
    assert "50 &lt;passes&gt;" in render_table([cost])


@pytest.mark.parametrize("name", [LSTM, TRANSFORMER])
def test_texts_are_timed_at_the_length_that_the_card_counted(name: str) -> None:
    card = load_model_card(ZOO / name)
    assert count_macs(ZOO / name / "predict.onnx", {"N": 1, "T": WORDS}) == card.macs


@pytest.mark.parametrize(("value", "text"), [(0.1234, "0.12"), (12.34, "12.3"), (3193.8, "3,194")])
def test_three_digits(value: float, text: str) -> None:
    assert write(value) == text

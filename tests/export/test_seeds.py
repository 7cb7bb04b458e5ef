"""The table of seeds: its rows against maps compared here, its forecasts by the formula."""

import pytest

from dashboard.attribution import get_method
from dashboard.attribution.base import Question
from dashboard.limits.agreement import compute_rank_correlation
from export.benchmark import seeds
from tests.dashboard.attribution.tiny_models import SquareModel, create_inputs, create_linear


def test_a_row_holds_two_seeds_the_forecast_and_the_converged_map() -> None:
    method, params = get_method("smoothgrad"), {"n_samples": 4, "noise": 0.3}
    model, question = create_linear(kind=SquareModel), Question(create_inputs(), 1)
    rows = seeds.measure(model, question, method, params, (2, 6), 40)  # type: ignore[arg-type]

    def draw(n: int, seed: int):
        asked = Question(question.inputs, 1, seed=seed)
        return method.compute_heat(method.attribute(model, asked, {**params, "n_samples": n}))

    two = [compute_rank_correlation(draw(n, 0), draw(n, 1)) for n in (2, 6)]
    assert [each.two for each in rows] == pytest.approx(two)
    assert rows[0].forecast == pytest.approx(two[0])
    assert rows[0].forecast < rows[1].forecast < 1
    known = [compute_rank_correlation(draw(6, seed), draw(40, 2)) for seed in (0, 1)]
    assert rows[1].converged == pytest.approx(sum(known) / 2)


def test_a_map_that_is_its_own_mean_is_forecast_by_spearman_brown() -> None:
    method, params = get_method("rise"), {"n_masks": 20, "n_cells": 4, "keep": 0.5}
    model, question = create_linear(), Question(create_inputs(), 1)
    rows = seeds.measure(model, question, method, params, (20, 60), 80)  # type: ignore[arg-type]
    assert rows[1].forecast == pytest.approx(3 * rows[0].two / (1 + 2 * rows[0].two))


def test_the_command_prints_a_line_a_budget(capsys: pytest.CaptureFixture[str]) -> None:
    seeds.main(
        ["--network", "cnn.fashion_mnist", "--method", "smoothgrad", "--pictures", "2",
         "--budgets", "8", "2", "--reference", "16"]
    )  # fmt: skip
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("network | method | budget")
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    assert [row[:4] for row in cells] == [
        ["cnn.fashion_mnist", "SmoothGrad", n, "2"] for n in ("2", "8")
    ]
    assert cells[0][4] == cells[0][5]  # the smallest budget is what the others are forecast from

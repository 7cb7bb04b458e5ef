"""The lecture's table is what the cards say."""

from dashboard.cache import ZOO
from dashboard.inference.cards import load_model_card
from dashboard.sequences.lecture_table import create_rows, find_fastest, render_markdown

NAMES = ("rnn", "lstm", "transformer")


def test_every_cell_is_on_a_card() -> None:
    recall = [load_model_card(ZOO / f"{name}.recall") for name in NAMES]
    reviews = [load_model_card(ZOO / f"{name}.imdb") for name in NAMES]
    rows = {row.title: row for row in create_rows(recall, reviews, [257, 257, 13])}
    assert rows["Sequential or parallel"].cells == (
        "sequential: 257 steps in a row",
        "sequential: 257 steps in a row",
        "parallel: 13 steps in a row",
    )
    assert rows["Can hold"].cells == tuple(
        f"{card.metrics['lag/256'].value:.0f} %" for card in recall
    )
    assert rows["Hard to learn"].cells[2] == "100 %"
    assert rows["Size"].cells == tuple(f"{card.parameters:,}" for card in recall)
    speed = recall[1].details["throughput"]["cpu"]["256"] * 256 / 1000
    assert rows["Training speed, CPU, 256 letters"].cells[1] == f"{speed:,.0f} k letters/s"
    assert f"{reviews[0].metrics['baseline'].value:.1f} %" in rows["Film reviews"].how
    fastest = find_fastest(dict(zip(NAMES, recall, strict=True)))
    speeds = {
        name: card.details["throughput"]["cpu"]["256"]
        for name, card in zip(NAMES, recall, strict=True)
    }
    assert speeds[fastest] == max(speeds.values())
    table = render_markdown(["A", "B", "C"], list(rows.values()))
    lines, _, notes = table.partition("\n\n")
    assert {line.count("|") for line in lines.splitlines()} == {5}
    assert all(row.how in notes for row in rows.values())

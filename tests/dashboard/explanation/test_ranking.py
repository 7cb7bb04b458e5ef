from dashboard.explanation.ranking import Entry, describe_contest
from dashboard.faithfulness.verdict import Outcome

EDGES = Entry("Edges", 0.3, Outcome.YARDSTICK)


def test_the_best_that_is_believable_is_named_beside_the_yardstick() -> None:
    entries = [
        Entry("First", 0.6, Outcome.DEPENDS),
        Entry("Second", 0.5, Outcome.BELIEVABLE),
        EDGES,
        Entry("Third", 0.2, Outcome.NO_BETTER),
    ]
    said = describe_contest(entries)
    assert said.startswith("Of 3 methods, 1 map is believable on this picture")
    assert "the best is **Second**" in said and "by +0.50" in said
    assert "**Edges**, which knows nothing of the network, +0.30" in said


def test_the_page_says_when_no_map_is_believable() -> None:
    said = describe_contest([EDGES, Entry("Method", 0.2, Outcome.NO_BETTER)])
    assert "no map is believable: not even **Method** (+0.20)" in said


def test_nothing_to_compare() -> None:
    for entries in ([], [EDGES], [Entry("Method", 0.2, Outcome.BELIEVABLE)]):
        assert "nothing to compare" in describe_contest(entries)

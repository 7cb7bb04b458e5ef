from dashboard.explanation.ranking import Entry, describe_contest


def _describe(method: float, trivial: float, *others: float) -> str:
    entries = [Entry("Method", method, False), Entry("Edges", trivial, True)]
    entries += [Entry(f"Other {i}", score, False) for i, score in enumerate(others)]
    return describe_contest(sorted(entries, key=lambda entry: -entry.score))


def test_the_sentence_says_who_is_above() -> None:
    assert "**Method**, is above the best trivial map, **Edges**" in _describe(0.5, 0.3)
    assert "(+0.50 against +0.30" in _describe(0.5, 0.3)
    assert "1 of 2 methods does not manage that" in _describe(0.5, 0.3, 0.1)


def test_the_page_says_when_no_method_is_above() -> None:
    assert "is below a map that knows nothing" in _describe(0.2, 0.3)
    assert "is only level with a map" in _describe(0.305, 0.3)  # closer than the margin


def test_nothing_to_compare() -> None:
    assert "nothing to compare" in describe_contest([])

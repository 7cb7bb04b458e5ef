"""The committed encoder and resolvers still do what their cards say."""

import json

import numpy as np
import pytest

from export.artifact import ZOO
from export.datasets.minilm import load_tokenizer
from export.datasets.pronoun_tokens import encode
from export.datasets.pronouns import KINDS, SELECTIONAL, create_pairs, load_natural_pairs
from export.sessions import open_session, run_in_batches
from export.train.pronoun_fit import LAYER
from export.train.pronoun_scores import (
    WORDING,
    compute_head_shares,
    compute_states,
    measure_heads,
    measure_scores,
)

pytestmark = pytest.mark.minilm

ENCODER = ZOO / "minilm.sentences" / "predict.onnx"
RESOLVERS = [name for name in ("resolver.pronouns", "lstm.pronouns") if (ZOO / name).is_dir()]


def _read_card(name: str) -> dict:  # type: ignore[type-arg]
    return json.loads((ZOO / name / "card.json").read_text())  # type: ignore[no-any-return]


def test_the_heads_of_the_encoder_do_on_natural_pairs_what_its_card_says() -> None:
    card = _read_card("minilm.sentences")
    data = encode(load_natural_pairs(), load_tokenizer())
    metrics, heads = measure_heads(compute_head_shares(ENCODER, data))
    assert heads == card["details"]["best_heads"]["natural"]
    for name, metric in metrics.items():
        assert metric.value == pytest.approx(card["metrics"][f"{name}/natural"]["value"])


def test_sentences_of_like_meaning_are_close() -> None:
    tokenizer = load_tokenizer()
    texts = ("A man is eating food.", "Someone eats a meal.", "The train leaves at nine.")
    session, rows = open_session(ENCODER), []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        (found,) = session.run(["sentence_embedding"], feed)
        rows.append(found[0])
    assert rows[0] @ rows[1] > 0.6 > 0.3 > rows[0] @ rows[2]
    assert np.linalg.norm(rows[0]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", RESOLVERS)
def test_a_resolver_points_as_its_card_says(name: str) -> None:
    card = _read_card(name)
    tests = {
        "held_out": encode(create_pairs(100, (77,), KINDS, SELECTIONAL), load_tokenizer()),
        "natural": encode(load_natural_pairs(), load_tokenizer()),
    }
    assert set(tests) <= set(WORDING) and card["details"]["encoder"]["layer"] == LAYER
    session = open_session(ZOO / name / "predict.onnx")
    scores = {}
    for each, data in tests.items():
        feed = {
            "states": compute_states(ENCODER, data, LAYER),
            "attention_mask": data.attention_mask,
            "pronoun": data.pronoun,
        }
        scores[each] = run_in_batches(session, "scores", feed)
    measured = measure_scores(tests, scores)
    natural = measured["pairs/natural"].value
    assert natural == pytest.approx(card["metrics"]["pairs/natural"]["value"], abs=2.01)
    held_out, said = measured["pairs/held_out"], card["metrics"]["pairs/held_out"]
    assert held_out.low <= said["high"] and held_out.high >= said["low"]

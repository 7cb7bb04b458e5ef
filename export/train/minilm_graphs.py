"""MiniLM as torch modules that show what they compute: states, sentence embedding, attention."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from export.card import Port
from export.datasets import minilm
from export.graphs import Graph

LAYERS, HEADS, WIDTH = 6, 12, 384
LENGTH = 32  # word pieces in the gradient graph, whose length is fixed


def load_encoder(folder: Path | None = None) -> BertModel:
    """Return the published encoder with its attention written out.

    Raises:
        DatasetError: a file is missing or damaged.
    """
    config = BertConfig.from_json_file(str(minilm.find(minilm.CONFIG, folder)))
    config._attn_implementation = "eager"
    encoder = BertModel(config, add_pooling_layer=False)
    weights = {
        name: tensor
        for name, tensor in minilm.load_weights(folder).items()
        if not name.startswith("pooler.") and name != "embeddings.position_ids"
    }
    encoder.load_state_dict(weights, strict=False)
    missing = set(dict(encoder.named_parameters())) - set(weights)
    assert not missing, missing  # the checksum was right
    encoder.train(False)
    return encoder


class Encoder(nn.Module):
    """What the published encoder makes of word pieces, with all states and all attention maps."""

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder

    def encode(self, attention_mask: Tensor, **inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (N, 7, T, 384), the embeddings first, and attention (N, 6, 12, T, T)."""
        found: Any = self.encoder(
            **inputs,
            attention_mask=attention_mask,
            output_attentions=True,
            output_hidden_states=True,
        )
        return torch.stack(found.hidden_states, 1), torch.stack(found.attentions, 1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        """Return the last states (N, T, 384), the sentence embedding, all states, attention."""
        states, attention = self.encode(attention_mask, input_ids=input_ids)
        return states[:, -1], average(states[:, -1], attention_mask), states, attention


class Similarity(Encoder):
    """How close an embedded sentence comes to another one: what the gradient graph explains."""

    def forward(  # type: ignore[override]
        self, embeddings: Tensor, attention_mask: Tensor, reference: Tensor
    ) -> Tensor:
        """Return the cosine (N, 1) of two sentence embeddings, one of them given (N, 384)."""
        states, _ = self.encode(attention_mask, inputs_embeds=embeddings)
        embedding = average(states[:, -1], attention_mask)
        return (embedding * reference).sum(1, keepdim=True)


def average(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Return the mean state over all words, scaled to length 1: the sentence embedding (N, 384)."""
    mask = attention_mask[..., None].to(states.dtype)  # (N, T, 1)
    mean = (states * mask).sum(1) / mask.sum(1)
    return F.normalize(mean, dim=1)


def create_predict_graph(encoder: BertModel, sentences: list[str]) -> Graph:
    """Return the graph that takes word pieces; compared on the given sentences (8 or more)."""
    ids, mask = tokenize(sentences)
    return Graph(
        Encoder(encoder),
        (ids[:2], mask[:2]),
        {
            "input_ids": Port("int64", ("N", "T"), "word pieces by tokenizer.json; 0 pads"),
            "attention_mask": Port("int64", ("N", "T"), "1 at word pieces, 0 at padding"),
        },
        {
            "last_hidden_state": Port("float32", ("N", "T", WIDTH), "one state a word piece"),
            "sentence_embedding": Port(
                "float32", ("N", WIDTH), "of the sentence, length 1: dot products are similarities"
            ),
            "hidden_states": Port(
                "float32",
                ("N", LAYERS + 1, "T", WIDTH),
                "after the input embeddings (0) and after every layer (1 to 6)",
            ),
            "attentions": Port(
                "float32",
                ("N", LAYERS, HEADS, "T", "T"),
                "layer, head, from this word piece, to that one; rows sum to 1",
            ),
        },
        checks=(ids.numpy(), mask.numpy()),
    )


def create_gradient_graph(encoder: BertModel, sentences: list[str]) -> Graph:
    """Return the graph of the similarity to a reference sentence, by word embeddings."""
    ids, mask = tokenize(sentences, LENGTH)
    with torch.no_grad():
        embeddings = encoder.embeddings.word_embeddings(ids)
        reference = Encoder(encoder)(ids.roll(1, 0), mask.roll(1, 0))[1]
    return Graph(
        Similarity(encoder),
        (embeddings[:2], mask[:2], reference[:2]),
        {
            "embeddings": Port(
                "float32", ("N", LENGTH, WIDTH), "rows of word_embeddings, one a word piece"
            ),
            "attention_mask": Port("int64", ("N", LENGTH), "1 at word pieces, 0 at padding"),
            "reference": Port("float32", ("N", WIDTH), "the embedding of the other sentence"),
        },
        {"similarity": Port("float32", ("N", 1), "cosine of the two sentence embeddings")},
        checks=(embeddings.numpy(), mask.numpy(), reference.numpy()),
    )


def tokenize(sentences: list[str], length: int | None = None) -> tuple[Tensor, Tensor]:
    """Return word pieces and mask (N, T), padded to the longest or to ``length``."""
    found = minilm.load_tokenizer().encode_batch(sentences)
    length = length or max(len(each.ids) for each in found)
    rows = [each.ids + [0] * (length - len(each.ids)) for each in found]
    ids = torch.tensor(rows)
    lengths = torch.tensor([len(each.ids) for each in found])
    return ids, (torch.arange(length) < lengths[:, None]).long()

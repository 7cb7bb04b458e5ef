"""Which networks read the sentences, and which network, layer and head is open."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from dashboard import cache, state
from dashboard.figures.base import Control, Controls
from dashboard.inference.cards import PREDICT_FILE
from dashboard.inference.heads import HeadsGraph
from dashboard.parsing import parse_option, parse_whole
from dashboard.sequences.reading import Reading, read_sentence

ENCODER, RESOLVER = "minilm.sentences", "resolver.pronouns"
NETWORK, LAYER, HEAD = "attention.net", "attention.layer", "attention.head"

Place = tuple[int, int, int]  # network, layer, head, each from 0


@dataclass(frozen=True, eq=False)
class Networks:
    """What is open: the encoder and, where it has been trained, the resolver."""

    encoder: HeadsGraph
    resolver: HeadsGraph | None

    @property
    def graphs(self) -> Sequence[HeadsGraph]:
        """Both, in the order in which they are offered."""
        return [self.encoder] if self.resolver is None else [self.encoder, self.resolver]

    @property
    def names(self) -> list[str]:
        """Their names in the zoo."""
        return [graph.card.name for graph in self.graphs]


def open_networks() -> Networks:
    """Open what there is; raises ZooError where the encoder cannot be read."""
    has_resolver = (cache.ZOO / RESOLVER).is_dir()
    return Networks(cache.get_heads(ENCODER), cache.get_heads(RESOLVER) if has_resolver else None)


def read(networks: Networks, text: str) -> Reading:
    """Return what the networks see in a sentence; raises NoWordsError."""
    cutter = cache.get_word_pieces(ENCODER)
    return cache.get_results().get_or_compute(
        make_key(*networks.names, "reading", text),
        lambda: read_sentence(text, cutter, networks.encoder, networks.resolver),
    )


def make_key(*what: Hashable) -> Hashable:
    """Return what names a result of this page in the store."""
    return ("transformer", *what)


def count_heads(graph: HeadsGraph) -> tuple[int, int]:
    """Return (layers, heads) as the card has them."""
    axes = graph.card.graphs[PREDICT_FILE].outputs["attentions"].axes
    return int(axes[1]), int(axes[2])


def choose_start(graph: HeadsGraph) -> tuple[int, int]:
    """Return the (layer, head) that resolves best where the card says so, else the last of all."""
    layers, heads = count_heads(graph)
    best = graph.card.details.get("best_heads", {}).get("held_out", {})
    layer, head = best.get("resolves", (layers - 1, heads - 1))
    return int(layer), int(head)


def bind_place(networks: Networks) -> Place:
    """Return (network, layer, head), each from 0, of the link or of the reader.

    In the link layers and heads count from 1, as they do on the page.
    """
    names = networks.names
    index = names.index(state.bind(NETWORK, names[0], parse_option(names)))
    graph = networks.graphs[index]
    (layers, heads), start = count_heads(graph), choose_start(graph)
    layer = state.bind(LAYER, start[0] + 1, parse_whole(1, layers))
    head = state.bind(HEAD, start[1] + 1, parse_whole(1, heads))
    return index, layer - 1, head - 1


def create_place(networks: Networks, place: Place) -> Controls:
    """Return the controls of ``place`` for the figure, which may choose another network with it."""
    layers, heads = map(max, zip(*map(count_heads, networks.graphs), strict=True))
    start = choose_start(networks.graphs[place[0]])
    return {
        "net": Control(NETWORK, networks.names[0], parse_option(networks.names)),
        "layer": Control(LAYER, start[0] + 1, parse_whole(1, layers)),
        "head": Control(HEAD, start[1] + 1, parse_whole(1, heads)),
    }

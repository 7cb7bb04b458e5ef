"""Which networks read the sentences, and whose attention, which layer and head of it, is open."""

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
POINTER = "pointer"  # of the resolver: the attention that is its answer
NETWORK, LAYER, HEAD = "attention.net", "attention.layer", "attention.head"

Place = tuple[int, int, int]  # source, layer, head, each from 0


@dataclass(frozen=True, eq=False)
class Source:
    """Attention to look at: a network's heads, or the pointer behind them, which is one head.

    ``start`` is the (layer, head) that is open first, from 0.
    """

    name: str
    title: str
    graph: HeadsGraph
    layers: int
    heads: int
    start: tuple[int, int]

    @property
    def is_pointer(self) -> bool:
        """Whether this attention is the answer itself."""
        return self.name == POINTER


@dataclass(frozen=True, eq=False)
class Networks:
    """What is open: the encoder and, where it has been trained, the resolver."""

    encoder: HeadsGraph
    resolver: HeadsGraph | None

    @property
    def sources(self) -> Sequence[Source]:
        """Whose attention is offered, in order: the encoder's, the resolver's, its pointer's."""
        if self.resolver is None:
            return [_create_source(self.encoder)]
        pointer = Source(POINTER, "The resolver's pointer: its answer", self.resolver, 1, 1, (0, 0))
        return [_create_source(self.encoder), _create_source(self.resolver), pointer]

    @property
    def names(self) -> list[str]:
        """Their names in the link."""
        return [source.name for source in self.sources]


def _create_source(graph: HeadsGraph) -> Source:
    layers, heads = count_heads(graph)
    name, title = graph.card.name, graph.card.title
    return Source(name, title, graph, layers, heads, choose_start(graph))


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
    source = networks.sources[index]
    layer = state.bind(LAYER, source.start[0] + 1, parse_whole(1, source.layers))
    head = state.bind(HEAD, source.start[1] + 1, parse_whole(1, source.heads))
    return index, layer - 1, head - 1


def create_place(networks: Networks, place: Place) -> Controls:
    """Return the controls of ``place`` for the figure, which may choose another network with it."""
    layers = max(source.layers for source in networks.sources)
    heads = max(source.heads for source in networks.sources)
    start = networks.sources[place[0]].start
    return {
        "net": Control(NETWORK, networks.names[0], parse_option(networks.names)),
        "layer": Control(LAYER, start[0] + 1, parse_whole(1, layers)),
        "head": Control(HEAD, start[1] + 1, parse_whole(1, heads)),
    }

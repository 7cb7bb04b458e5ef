"""What a backward pass needs to know: a rule for every operator, and what the pass starts with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from export.autodiff.builder import Builder, Rule
from export.autodiff.score import Head, Seed

Start = Callable[[Builder, Seed, Head], str]


@dataclass(frozen=True)
class Table:
    """Rules that carry something from the score back to the image.

    Attributes:
        name: for sentences, "LRP".
        rules: by operator, as ``builder`` describes them; ``grad`` is what the pass carries.
        start: returns what the class scores are given, in their shape.
        has_reference: whether the rules also read a second run, of a baseline.
    """

    name: str
    rules: Mapping[str, Rule]
    start: Start
    has_reference: bool = False

    @property
    def doing(self) -> str:
        """What is done with a network, in a refusal: "explained by LRP"."""
        return f"explained by {self.name}"


def start_with_direction(b: Builder, seed: Seed, head: Head) -> str:
    """Return 1 at the target and -1 at the class it is contrasted with: d score / d logits."""
    return seed.gradient

"""The families in a learner's words, each with the network of the zoo that stands for it."""

from __future__ import annotations

from dataclasses import dataclass

CNN, LSTM, TRANSFORMER = "cnn.fashion_mnist", "lstm.imdb", "transformer.imdb"
GENERATOR, DENOISER = "generator.fashion_mnist", "denoiser.fashion_mnist"


@dataclass(frozen=True)
class Family:
    """A family: ``model`` is its network in the zoo, ``slug`` the page that shows how it works."""

    name: str
    model: str
    slug: str
    task: str
    idea: str
    order: str
    used_for: str


FAMILIES = (
    Family(
        "CNN",
        CNN,
        "cnn",
        "picture → class",
        "One small filter slides over every place of the picture.",
        "parallel: all places at once",
        "photos, scans: where neighbours matter",
    ),
    Family(
        "RNN / LSTM",
        LSTM,
        "rnn",
        "words → feeling",
        "A memory that gates rewrite word by word.",
        "sequential: word after word",
        "speech, sensors: streams that do not end",
    ),
    Family(
        "Transformer",
        TRANSFORMER,
        "transformer",
        "words → feeling",
        "Every word looks at others and takes what it needs.",
        "parallel: all words at once",
        "language, and by now pictures and sound",
    ),
    Family(
        "GAN",
        GENERATOR,
        "gan",
        "noise + class → picture",
        "A forger learns from a detective, who learns from the forger.",
        "parallel: one pass a picture",
        "pictures at once: faces, textures, upscaling",
    ),
    Family(
        "Diffusion",
        DENOISER,
        "diffusion",
        "noise + class → picture",
        "Learns to take a little noise away, then does it many times.",
        "sequential: step after step",
        "pictures from text, sound, molecules",
    ),
)

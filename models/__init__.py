"""The networks that are explained, in plain torch, one architecture a file.

``MODELS`` is the registry: a new architecture is one new file and one line here. Names are
``architecture.dataset``, the folder's name in ``models/zoo``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from models.denoiser import create_denoiser
from models.discriminator import create_discriminator
from models.efficientnet_lite import create_efficientnet_lite0, create_efficientnet_lite2
from models.generator import create_generator
from models.pronoun_lstm import create_pronoun_lstm
from models.pronoun_resolver import create_pronoun_resolver
from models.recall_lstm import create_recall_lstm
from models.recall_rnn import create_recall_rnn
from models.recall_transformer import create_recall_transformer
from models.small_cnn import create_small_cnn
from models.small_vit import create_small_vit
from models.text_lstm import create_text_lstm
from models.text_rnn import create_text_rnn
from models.text_transformer import create_text_transformer

MODELS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {
        "cnn.fashion_mnist": create_small_cnn,
        "vit.fashion_mnist": create_small_vit,
        "cnn_sweep.fashion_mnist": create_small_cnn,
        "generator.fashion_mnist": create_generator,
        "generator_collapsed.fashion_mnist": create_generator,
        "discriminator.fashion_mnist": create_discriminator,
        "denoiser.fashion_mnist": create_denoiser,
        "rnn.imdb": create_text_rnn,
        "lstm.imdb": create_text_lstm,
        "transformer.imdb": create_text_transformer,
        "rnn.recall": create_recall_rnn,
        "lstm.recall": create_recall_lstm,
        "transformer.recall": create_recall_transformer,
        "resolver.pronouns": create_pronoun_resolver,
        "lstm.pronouns": create_pronoun_lstm,
        "efficientnet_lite0.imagenet": create_efficientnet_lite0,
        "efficientnet_lite2.imagenet": create_efficientnet_lite2,
    }
)

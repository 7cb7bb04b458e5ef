"""The last step of all three readers of reviews: the average of what was read so far, judged."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn


class SentimentHead(nn.Module):
    """Logits after every word, from the running average of the states (N, T, width).

    Because the average is linear, every word's state adds its own share to the verdict.
    """

    def __init__(self, width: int, classes: int = 2, dropout: float = 0.3) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, classes)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return logits (N, T, classes); ``mask`` (N, T) is 1 at words and 0 at padding.

        At padding the verdict stays what it was after the last word, so the last column is the
        whole text's.
        """
        count = mask.cumsum(1).clamp(min=1.0)  # (N, T), words so far
        total = (states * mask.unsqueeze(-1)).cumsum(1)  # (N, T, width)
        average = total / count.unsqueeze(-1)
        return cast(Tensor, self.classifier(self.dropout(average)))

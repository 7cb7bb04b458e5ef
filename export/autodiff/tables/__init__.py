"""Tables of rules for one and the same backward pass: the gradient's, and three others.

The pass (``reverse``) walks from the score to the image and sums where a tensor has several
readers. What it carries, and by which rule an operator hands it on, is the table's:

| table | carries | a rectifier hands on | a linear layer deals out |
|---|---|---|---|
| gradient | d score / d tensor | all where it is open | by its weights |
| guided_backprop | the same | what is positive, where it is open | by its weights |
| deeplift | change of the score per change of the tensor | (y - y') / (x - x') | by its weights |
| lrp | relevance | all | by each input's part of its sum |
"""

from collections.abc import Mapping

from export.autodiff.rules import RULES
from export.autodiff.tables import deeplift, guided_backprop, lrp
from export.autodiff.tables.table import Table, start_with_direction

GRADIENT = Table("The gradient", RULES, start_with_direction)

TABLES: Mapping[str, Table] = {
    "gradient": GRADIENT,
    "guided_backprop": guided_backprop.TABLE,
    "deeplift": deeplift.TABLE,
    "lrp": lrp.TABLE,
}

__all__ = ["GRADIENT", "TABLES", "Table"]

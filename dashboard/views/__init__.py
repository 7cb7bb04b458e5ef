"""The pages, a folder each; a new page is one new folder and one entry here."""

from dashboard.views.base import GROUPS, View
from dashboard.views.black_box.page import VIEW as BLACK_BOX
from dashboard.views.cnn.page import VIEW as CNN
from dashboard.views.cost.page import VIEW as COST
from dashboard.views.data.page import VIEW as DATA
from dashboard.views.diffusion.page import VIEW as DIFFUSION
from dashboard.views.explain.page import VIEW as EXPLAIN
from dashboard.views.families.page import VIEW as FAMILIES
from dashboard.views.fundamentals.page import VIEW as FUNDAMENTALS
from dashboard.views.gan.page import VIEW as GAN
from dashboard.views.own_model.page import VIEW as OWN_MODEL
from dashboard.views.rnn.page import VIEW as RNN
from dashboard.views.shift.page import VIEW as SHIFT
from dashboard.views.transformer.page import VIEW as TRANSFORMER

VIEWS: tuple[View, ...] = (
    EXPLAIN,
    OWN_MODEL,
    FUNDAMENTALS,
    CNN,
    RNN,
    TRANSFORMER,
    GAN,
    DIFFUSION,
    FAMILIES,
    SHIFT,
    BLACK_BOX,
    DATA,
    COST,
)

__all__ = ["GROUPS", "VIEWS", "View"]

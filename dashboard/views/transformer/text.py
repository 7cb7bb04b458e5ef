"""The folded texts of the page on Transformers, and their sources."""

from __future__ import annotations

from dashboard.widgets.lesson import Source

THEORY = r"""
Every word (or piece of one) is a list of numbers, its *state*. A **head** makes three shorter lists
of it with three learnt matrices: a **query** (what am I looking for?), a **key** (what do I offer?)
and a **value** (what do I give?). Query times key, summed up, is the **score** of a pair of words;
softmax turns a word's scores into shares that sum to 1, its **attention**; the values, each times
its share, are added up:
$\text{attention}(Q,K,V) = \text{softmax}\!\left(\frac{QK^\top}{\sqrt{d}}\right)V$.
The **temperature** divides the scores: near 0 the winner takes all, far above 1 all words count
alike. A *layer* has several heads side by side and then a small network for each word; layers
follow one another. No word waits for the one before: all are computed at once.

Much attention rests on the marks [CLS] and [SEP], which hold no word; Clark et al. 2019 read that
as a head that has nothing to do. **Attention is what a layer mixes, not why a network answers:**
Jain and Wallace 2019 found other attention with the same answer, Wiegreffe and Pinter 2019 set
limits to that. Hence the experiment above.

**Rollout** multiplies the layers' attention, half of each being what skips the layer. **Gradient ×
attention** weighs every share by how much the class's score would gain from it.
"""

SOURCES = (
    Source("Vaswani et al. 2017", "https://arxiv.org/abs/1706.03762"),
    Source("Clark et al. 2019", "https://arxiv.org/abs/1906.04341"),
    Source("Jain & Wallace 2019", "https://arxiv.org/abs/1902.10186"),
    Source("Wiegreffe & Pinter 2019", "https://arxiv.org/abs/1908.04626"),
    Source("Abnar & Zuidema 2020", "https://arxiv.org/abs/2005.00928"),
    Source("Chefer et al. 2021", "https://arxiv.org/abs/2103.15679"),
    Source("Dosovitskiy et al. 2021 (ViT)", "https://arxiv.org/abs/2010.11929"),
    Source("MiniLM, Wang et al. 2020", "https://arxiv.org/abs/2002.10957"),
    Source(
        "the sentence on the animal and the street",
        "https://research.google/blog/transformer-a-novel-neural-network-architecture-for-language-understanding/",
    ),
)

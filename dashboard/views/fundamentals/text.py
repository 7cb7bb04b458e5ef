"""The words of the page *Fundamentals*: table, questions, formulas, sources."""

from __future__ import annotations

from dashboard.widgets.lesson import Quiz, Source

BESIDE = """
| | In the brain | In the computer |
|---|---|---|
| receives | dendrites, thousands of them | inputs $x_i$ |
| weighs | synapses, strong or weak, exciting or calming | weights $w_i$, positive or negative |
| gathers | the cell body sums what arrives | $z=\\sum_i w_i x_i + b$ |
| decides | fires when a threshold is passed | activation $f(z)$; $b$ shifts the threshold |
| passes on | spikes along the axon: *when* matters | one number: how strong |
| learns | what fires together grows connected (Hebb) | backpropagation: blame, edge by edge |
"""

Q_NEURON = Quiz(
    key="fundamentals_relu",
    text="A ReLU neuron's sum is −0.7. What does it pass on?",
    options=("−0.7", "0", "0.7"),
    right=1,
    reveal="ReLU is max(0, z): below zero it is silent. Push the bias down above and see.",
)
Q_NETWORK = Quiz(
    key="fundamentals_zero_input",
    text="A unit passes on exactly 0 for this point. How much does this point change the weights "
    "that lead away from that unit?",
    options=("Not at all", "As much as the others", "Most of all: they are to blame"),
    right=0,
    reveal="A weight's share is what came in times the blame at its end, and 0 times anything is "
    "0. Choose ReLU and *Backward*: edges behind silent units carry 0.",
)
Q_DESCENT = Quiz(
    key="fundamentals_start",
    text="Two valleys, one deeper. The same rate, no momentum. What decides which one is found?",
    options=("The deeper one always wins", "The start", "The number of steps"),
    right=1,
    reveal="Only the slope underfoot is known. Compare *Wrong valley* with *Right valley*.",
)
Q_FIT = Quiz(
    key="fundamentals_degree",
    text="There are 15 samples; the degree rises to 14, which meets them all exactly. What "
    "happens to the error on new samples?",
    options=("It falls to zero too", "It stays where it was", "It falls first, then rises"),
    right=2,
    reveal="First the curve learns the shape (underfitting ends), then the noise (overfitting). "
    "With 15 samples, move the slider to 14. Then go on: beyond 14 the error falls a second time.",
)

T_NEURON = r"""
$$z = w_1 x_1 + w_2 x_2 + b,\qquad a = f(z)$$
**ReLU** $\max(0,z)$; **sigmoid** $1/(1+e^{-z})$, between 0 and 1; **tanh**, between −1 and 1.
Rosenblatt's perceptron (1958) had a hard threshold and a rule that corrected the weights after each
error. The table's likeness is a picture, not a claim: real neurons have dynamics, chemistry and
shapes that this sum leaves out.
"""
T_NETWORK = r"""
**Forward**, layer by layer: $z_l = a_{l-1}W_l + b_l$, $a_l=f(z_l)$, at the end $p=\sigma(z)$.
**Loss** (cross-entropy): $L=-y\log p-(1-y)\log(1-p)$.
**Backward**, the same edges in reverse (the chain rule): $\delta_{last}=p-y$,
$\;\delta_{l}=(\delta_{l+1}W_{l+1}^\top)\odot f'(z_{l})$, and for each edge
$\;\partial L/\partial w_{ij}=a_i\,\delta_j$: what came in times the blame.
**Update**: $w\leftarrow w-\eta\,\overline{\partial L/\partial w}$, the mean over all points. The
tests hold every gradient against finite differences.
"""
T_DESCENT = r"""
$$v\leftarrow\mu v+\nabla L(w),\qquad w\leftarrow w-\eta v$$
$\eta$ is the learning rate, $\mu$ the momentum (Polyak's heavy ball; 0 is plain descent). Where the
ground curves with strength $c$, plain descent settles only if $\eta<2/c$: at $2/c$ it jumps from
side to side for ever, beyond it climbs. In the ravine $c$ is 25 across and 1 along, so 0.08 is the
edge. *A real neuron* is the squared error of one sigmoid neuron on four examples: even one neuron
can have a wrong valley.
"""
T_FIT = r"""
Samples of $\sin(\pi x)$ with noise; each polynomial is the least-squares fit to the training
samples, its error the root of the mean square. Too simple a model errs everywhere
(**underfitting**); too flexible a one learns the noise (**overfitting**), which only data it has
not seen can tell. More samples cure it: choose 100.

**Double descent.** The degree that just meets all samples (14 for 15 of them) is the worst place,
not the end: one polynomial alone does it there, whatever swings that takes. Beyond, there are more
coefficients than samples, and many polynomials meet them all. The figure takes the smoothest, with
the least $\sum_k ((k+1)\,c_k)^2$ over its Chebyshev coefficients $c_k$; each further coefficient
leaves it more freedom to be smooth, and the error on new samples falls again (Belkin et al. 2019).
"More parameters overfit" is half of the story: many large networks live on the far side, and what
matters there is which of all perfect fits training finds. Here the second valley is mostly a little
higher than the first; the noise and the choice of the norm decide.
"""

S_NEURON = (
    Source("McCulloch & Pitts 1943", "https://doi.org/10.1007/BF02478259"),
    Source("Hebb 1949", "https://doi.org/10.4324/9781410612403"),
    Source("Rosenblatt 1958", "https://doi.org/10.1037/h0042519"),
)
S_NETWORK = (
    Source("Rumelhart, Hinton & Williams 1986", "https://doi.org/10.1038/323533a0"),
    Source("TensorFlow Playground", "https://playground.tensorflow.org"),
)
S_DESCENT = (
    Source("Polyak 1964", "https://doi.org/10.1016/0041-5553(64)90137-5"),
    Source("Rosenbrock 1960", "https://doi.org/10.1093/comjnl/3.3.175"),
    Source(
        "Auer, Herbster & Warmuth 1996",
        "https://papers.nips.cc/paper/1995/hash/3806734b256c27e41ec2c6bffa26d9e7-Abstract.html",
    ),
)
S_FIT = (
    Source(
        "Bishop 2006, section 1.1",
        "https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/",
    ),
    Source("Belkin et al. 2019 (double descent)", "https://arxiv.org/abs/1812.11118"),
    Source("Schaeffer et al. 2023 (in polynomials)", "https://arxiv.org/abs/2303.14151"),
)

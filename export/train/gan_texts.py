"""What the GAN's cards say."""

from __future__ import annotations

TITLES = {
    "generator.fashion_mnist": "GAN: the generator (clothing)",
    "discriminator.fashion_mnist": "GAN: the discriminator (clothing)",
    "generator_collapsed.fashion_mnist": "GAN: a collapsed generator (clothing)",
}
SUMMARIES = {
    "generator.fashion_mnist": (
        "The forger of a pair. It turns 128 random numbers and the name of a garment into a "
        "picture of 28 x 28 pixels, in one go. It has never been shown a real picture: all it "
        "learnt from is what a second network, the detective, took for real. The weights are a "
        "running average over the training; those of single moments of it are kept beside."
    ),
    "discriminator.fashion_mnist": (
        "The detective of a pair. It looks at a picture and at the class it is said to be of, and "
        "gives a score: above 0 for real, below for forged. It has seen the 60,000 pictures of "
        "Fashion-MNIST and the forgeries of the moment, and was trained for as long as the forger."
    ),
    "generator_collapsed.fashion_mnist": (
        "The same forger after a training that was spoilt on purpose: 150 more steps in which it "
        "learnt five times faster and the detective four times slower. It found one picture a "
        "class which this detective lets pass and makes little else now, whatever the random "
        "numbers: mode collapse."
    ),
}
LIMITS = {
    "generator.fashion_mnist": (
        "It knows ten garments, grey, 28 x 28 pixels, and nothing else. It cannot say how likely a "
        "picture is, nor turn a picture back into its numbers. Rare shapes, straps and prints are "
        "missing more often than in the real pictures; some results are of no garment at all."
    ),
    "discriminator.fashion_mnist": (
        "It can tell forgeries only of the forger it has trained against; a good photo of a "
        "garment in another style, or light on dark, is 'forged' to it, and another generator's "
        "pictures may pass. The score is no probability. Where the forger is good, both are close "
        "to guessing: that is the aim of the contest and no fault."
    ),
    "generator_collapsed.fashion_mnist": (
        "It is broken: it is here to show how a GAN fails and how one can measure it. Compare the "
        "spread within a class and the share of distinct pictures with the healthy generator's."
    ),
}
NOISE_RATIO = "times closer than noise to the test images, as Frechet distance"
REAL_RIGHT = "of real test images are taken for real"
FAKE_RIGHT = "of the trained generator's images are taken for forged"

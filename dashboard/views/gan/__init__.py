"""GAN: the contest replayed, walks between noises, a drawing before the discriminator."""

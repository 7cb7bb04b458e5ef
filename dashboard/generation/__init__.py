"""Pictures out of noise: what the GAN and the diffusion network of the zoo make, step by step."""

"""Learning, live: small networks on toy problems, trained in numpy with every step written out."""

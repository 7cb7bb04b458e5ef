"""The five families of networks: what each is for, one answer of each, what an answer costs."""

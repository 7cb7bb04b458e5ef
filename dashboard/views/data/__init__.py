"""Data dependency: a sweep of trainings and one picture through all of them."""

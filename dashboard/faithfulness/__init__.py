"""Whether to believe a map: tests that try to break it, and sentences that say how they went."""

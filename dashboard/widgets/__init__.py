"""Input controls: each draws itself and returns plain values."""

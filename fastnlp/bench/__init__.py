"""Measurements of this machine: what `fastnlp bench` prints, and what the project's own benchmarks share with it."""

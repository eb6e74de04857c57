"""Benchmarks: fastnlp next to its peers, on real text, every answer asserted. See docs/benchmark.md."""

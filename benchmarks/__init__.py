"""Measures Treadle against the raw limits of the machine it runs on. See docs/benchmarks.md."""

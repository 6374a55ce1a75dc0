"""Seeded mutants of the core: the suite is worth what it catches.

`mutants.toml` holds them, each a small change for the worse; `scripts/mutants --json` makes each in a copy of the
sources, runs the tests that are named for it, and tells which came through.
"""

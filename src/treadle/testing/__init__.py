"""For tests: what any engine must pass, a model of an engine to compare with, and a clock that tests set."""

"""Use cases, a file per noun: validate, one call of the engine, answer. Whoever calls says for which domain."""

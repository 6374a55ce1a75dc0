"""The crash soak: Treadle's own processes under traffic, killed again and again, judged by a history afterwards.

`scripts/soak --engine E --runs N --kill-every S --json`. Clients submit over HTTP until so many runs are accepted,
repeat what they were not answered, and follow the log; handlers keep a ledger; none but the database is spared.
"""

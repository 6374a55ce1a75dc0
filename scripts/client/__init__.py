"""What writes `nouns.py`, `index.py` and `answers.py` of `treadle/client/remote` from the API's own description."""

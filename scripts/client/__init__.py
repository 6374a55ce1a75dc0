"""What writes `treadle/client/remote/nouns.py` and `answers.py` from the API's own description."""

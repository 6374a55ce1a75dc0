"""The rules of Treadle, pure: no I/O; time, ids and randomness come in as arguments."""

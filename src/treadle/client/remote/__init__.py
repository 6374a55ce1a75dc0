"""The HTTP API in Python: what it can be asked (generated from its own description), and how that is carried there."""

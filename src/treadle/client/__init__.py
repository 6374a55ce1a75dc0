"""Submitting runs and following them from Python, straight on the engine: no server need be in between."""

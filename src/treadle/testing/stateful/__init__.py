"""A machine that drives an engine and the model side by side, through anything that clients, workers and faults may do.

Both run on one virtual clock and get the same calls. After each, their answers and all that can be read of them must be
equal, and both must agree with the ledger of what was promised. `machine(open_engine)` makes the test:

    TestStateful = machine(open_mine).TestCase

where `open_mine(clock)` is an async context manager that yields an engine on fresh data.
"""

from treadle.testing.stateful.machine import EngineMachine, machine

__all__ = ["EngineMachine", "machine"]

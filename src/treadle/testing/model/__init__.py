"""A pure engine in memory, written to be obviously right: what real engines are compared with.

Every verb is a plain function over dicts and lists without an await in it, so each is a transaction. Rules come from
`domain`; what is spelt out here is only what the contract leaves to engines. Nothing here is quick, or kept.
"""

from treadle.testing.model.engine import ModelEngine
from treadle.testing.model.state import Data

__all__ = ["Data", "ModelEngine"]

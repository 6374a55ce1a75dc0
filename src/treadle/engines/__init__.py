"""Where live state is kept and coordinated. `contract` is the door; each engine is a package of its own."""

"""Workers: a parent that renews leases and can kill, and processes that run people's code."""

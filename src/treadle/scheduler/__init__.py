"""Firing schedules, taking back what lost workers held, and pruning what is old. Any number of schedulers may run."""

"""What happens by itself: schedules fire, messages start jobs, what lost workers held is taken back, what is old goes.

Any number of schedulers may run.
"""

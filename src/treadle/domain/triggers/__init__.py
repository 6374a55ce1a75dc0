"""When a job fires: every so often, by a cron expression in a time zone, or once.

The rules of daylight saving are Debian cron's. A cron entry whose minute or hour begins with `*` follows elapsed time:
it fires whenever the zone's clock matches, so in a repeated hour twice and in a gap not at all. Any other entry fires
once for each wall time it names: the first time the clock reaches it, and at the first instant after the gap where
the clock jumps over it. Several wall times within one gap make one fire.
"""

from treadle.domain.triggers.firing import cron_problems, fires, next_fire
from treadle.domain.triggers.records import At, Cron, Interval, Trigger, interval, parse_cron

__all__ = ["At", "Cron", "Interval", "Trigger", "cron_problems", "fires", "interval", "next_fire", "parse_cron"]

"""A report over a web server's access log: who asked for what, how much, how fast, and what went wrong."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from treadle import JobContext, job

REQUEST = re.compile(
    r"\S+ \S+ \S+ \[(?P<day>\d\d/\w{3}/\d{4}):(?P<hour>\d\d):\d\d:\d\d [+-]\d{4}\] "
    r'"\S+ (?P<path>\S+) [^"]*" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    r'"[^"]*" "(?:[^"\\]|\\.)*" (?P<seconds>\d+\.\d+)'
)
"""The combined format, with the request's seconds at the end (nginx's `$request_time`)."""


@job("access-log.report", timeout_seconds=300, max_retries=0)
def report(ctx: JobContext, path: str, top: int = 5) -> dict[str, Any]:
    """Reports hits by status, the top and the slowest paths, bytes and the error rate of each hour."""
    statuses: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    requests_by_hour: Counter[str] = Counter()
    errors_by_hour: Counter[str] = Counter()
    seconds_by_path: defaultdict[str, list[float]] = defaultdict(list)
    malformed = sent = 0

    with Path(path).open(encoding="utf-8", errors="replace", newline="\n") as log:
        for number, line in enumerate(log, start=1):
            request = REQUEST.fullmatch(line.rstrip("\n"))
            if request is None:
                malformed += 1
                if malformed <= 3:
                    ctx.logger.warning("not a request", line=number, text=line[:80])
                continue
            status, hour = request["status"], f"{request['day']} {request['hour']}h"
            statuses[status] += 1
            hits[request["path"]] += 1
            requests_by_hour[hour] += 1
            errors_by_hour[hour] += status.startswith("5")
            seconds_by_path[request["path"]].append(float(request["seconds"]))
            sent += 0 if request["bytes"] == "-" else int(request["bytes"])

    slowest = sorted(((p95(times), asked) for asked, times in seconds_by_path.items()), reverse=True)
    ctx.logger.info("read the log", path=path, requests=statuses.total(), malformed=malformed)
    return {
        "requests": statuses.total(),
        "malformed": malformed,
        "bytes": sent,
        "hits_by_status": dict(sorted(statuses.items())),
        "top_paths": [{"path": asked, "hits": count} for asked, count in hits.most_common(top)],
        "slowest_paths": [{"path": asked, "p95_sec": seconds} for seconds, asked in slowest[:top]],
        "error_rate_by_hour": {
            hour: round(errors_by_hour[hour] / count, 4) for hour, count in requests_by_hour.items()
        },
    }


def p95(values: list[float]) -> float:
    """The smallest value that at least 95% do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]

"""Writes an access log as a web server would, always the same one for the same seed."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

START = datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=7)))
DAYS = 2
PATHS = ["/", "/login", "/search", "/cart", "/checkout", "/assets/app.js", "/assets/app.css"]
PATHS += [f"/products/{number}" for number in range(1, 41)]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "Googlebot/2.1", 'odd \\"quoted\\" agent']
MALFORMED = [
    "",
    "GET / HTTP/1.1",
    "\x16\x03\x01\x00\x8b",
    '10.0.0.1 - - [not a time] "GET / HTTP/1.1" 200 12 "-" "-" 0.001',
]


def lines(count: int, seed: int) -> Iterator[str]:
    """Yields the lines in the order of their times; about one in five hundred is malformed."""
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0, DAYS * 86_400) for _ in range(count))
    for moment in moments:
        yield chance.choice(MALFORMED) if chance.random() < 0.002 else line(chance, START + timedelta(seconds=moment))


def line(chance: random.Random, at: datetime) -> str:
    """One request in the combined format, with the seconds that it took at the end (nginx's `$request_time`)."""
    path = chance.choices(PATHS, weights=[1 / rank for rank in range(1, len(PATHS) + 1)])[0]
    bad_hour = at.hour == 14
    status = chance.choices([200, 304, 301, 404, 500, 503], weights=[80, 8, 3, 5, 1, 30 if bad_hour else 1])[0]
    size = 0 if status == 304 else int(chance.lognormvariate(8, 1.2))
    seconds = chance.lognormvariate(-3, 0.6) * (8 if path == "/checkout" else 1)
    method = "POST" if path == "/checkout" else "GET"
    address = f"10.0.{chance.randrange(4)}.{chance.randrange(1, 255)}"
    return (
        f'{address} - - [{at:%d/%b/%Y:%H:%M:%S %z}] "{method} {path} HTTP/1.1" {status} {size or "-"}'
        f' "-" "{chance.choice(AGENTS)}" {seconds:.3f}'
    )


def main() -> None:
    """Writes the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--lines", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with asked.file.open("w", encoding="utf-8") as log:
        log.writelines(f"{each}\n" for each in lines(asked.lines, asked.seed))


if __name__ == "__main__":
    main()

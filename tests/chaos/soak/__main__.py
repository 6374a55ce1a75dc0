"""`scripts/soak`: see the package."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import uvloop

from tests.chaos.soak.running import Soak
from tests.support.postgres import server
from treadle.testing.history import Verdict

ENGINES: Final = ("sqlite", "postgres")
_SHOWN: Final = 20


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database with its durable defaults; PostgreSQL's is in a server of its own."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'treadle.db'}"
        return
    with server(durable=True) as one:
        yield one.url


def report(soak: Soak, verdict: Verdict) -> dict[str, Any]:
    """The figures, for people and programs."""
    named = {"I1": "lost", "I2": "settled_twice", "I3": "stale_accepted"}
    return {
        "runs": verdict.runs,
        "kills": soak.fleet.faults.total() - soak.fleet.faults["zombie"],
        **{name: verdict.count(rule) for rule, name in named.items()},
        "reexecuted": verdict.reexecuted,
        "other_violations": sum(violation.rule not in named for violation in verdict.violations),
        "violations": [f"{each.rule} {each.subject}: {each.what}" for each in verdict.violations[:_SHOWN]],
        "faults": dict(soak.fleet.faults),
    }


def main() -> None:
    """Run what the command line names. Exits 1 where anything was not kept; what it left is kept then, to look at."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--runs", type=int, default=20_000, help="how many runs clients submit")
    parser.add_argument("--kill-every", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one object")
    arguments = parser.parse_args()
    if arguments.runs < 1 or arguments.kill_every <= 0:
        parser.error("--runs takes a number from 1 on, and --kill-every one above 0")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends this ends the services too
    began = time.monotonic()
    folder = Path(mkdtemp(prefix="treadle-soak-"))
    with database(arguments.engine, folder) as url:
        soak = Soak(url, folder, runs=arguments.runs, kill_every=arguments.kill_every, seed=arguments.seed)
        try:
            verdict = uvloop.run(soak.run())
        finally:
            soak.fleet.stop()
    said = {"engine": arguments.engine, **report(soak, verdict), "seconds": round(time.monotonic() - began, 1)}
    if arguments.json:
        print(json.dumps(said))
    else:
        print("\n".join(f"{name}: {value}" for name, value in said.items()))
    if verdict.violations:
        print(f"what services said, the ledger and a SQLite file are kept in {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()

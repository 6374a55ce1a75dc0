"""`scripts/bench CASE [--engine E] [--json] …`: one case, or `all`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import uvloop

from benchmarks.cases import CASES, Case
from benchmarks.engines import ENGINES
from benchmarks.machine import describe
from benchmarks.measure import LEAST_ROUNDS, Options, say
from benchmarks.servers import serving
from treadle.domain.errors import InvalidInput


def main() -> None:
    """Run what the command line names. Exits 2 where the command makes no sense; a missed goal is a result."""
    arguments = vars(_parser().parse_args())
    chosen = [arguments["case"]]
    if arguments["case"] == "all":
        chosen = [name for name, case in CASES.items() if arguments["engine"] in case.engines]
    try:
        results = [_measure(name, CASES[name], arguments) for name in chosen]
    except InvalidInput as error:
        say(str(error))
        sys.exit(2)
    if arguments["json"]:
        print(json.dumps(results[0] if arguments["case"] != "all" else {"case": "all", "cases": results}))
    else:
        for result in results:
            _show(result)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    common.add_argument("--json", action="store_true", help="one JSON object on standard output")
    common.add_argument(
        "--rounds", type=_rounds, default=LEAST_ROUNDS, help=f"at least {LEAST_ROUNDS}, after a warm-up"
    )
    common.add_argument("--dir", type=Path, default=Path(), help="a folder on the disk to be measured")
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure Treadle against this machine's limits.")
    cases = parser.add_subparsers(dest="case", required=True)
    for name, case in CASES.items():
        options = cases.add_parser(name, help=case.shows, parents=[common])
        for option, default in case.numbers.items():
            options.add_argument(f"--{option}", type=_positive, default=default)
    cases.add_parser("all", help="every case with its defaults", parents=[common])
    return parser


def _measure(name: str, case: Case, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of a case as it is written to JSON."""
    if arguments["engine"] not in case.engines:
        raise InvalidInput(f"{name} is not measured on {arguments['engine']}, but on {', '.join(case.engines)}")
    say(f"{name}: {case.shows}")
    with TemporaryDirectory(prefix=".bench-", dir=arguments["dir"]) as folder:
        machine = describe(Path(folder))
        with serving(arguments["engine"], Path(folder)) as store:
            options = Options(
                engine=arguments["engine"],
                rounds=arguments["rounds"],
                folder=folder,
                numbers={option: arguments.get(option, default) for option, default in case.numbers.items()},
                store=store,
            )
            report = uvloop.run(case.run(options))
    return {
        "case": name,
        "engine": options.engine,
        **{key: _short(value) for key, value in report.figures.items()},
        "goals": msgspec.to_builtins(report.goals),
        "rounds": options.rounds,
        "spreads": msgspec.to_builtins(report.spreads),
        "settings": report.settings,
        "machine": machine,
    }


def _show(result: dict[str, Any]) -> None:
    machine = result["machine"]
    print(f"{result['case']} on {result['engine']}, {result['rounds']} rounds: median (least to greatest)")
    for name, each in result["spreads"].items():
        print(f"  {name:<28} {each['median']:>14,.2f}   ({each['min']:,.2f} to {each['max']:,.2f})")
    for name, goal in result["goals"].items():
        bound = f"≥ {goal['at_least']:,}" if goal["at_least"] is not None else f"≤ {goal['at_most']:,}"
        print(f"  {name:<28} {goal['figure']:>14,.2f}   goal {bound}: {'kept' if goal['met'] else 'missed'}")
    print("  settings: " + ", ".join(f"{key} {value}" for key, value in result["settings"].items()))
    print("  machine: " + ", ".join(f"{key} {value}" for key, value in machine.items()))


def _short(value: float) -> float:
    return round(value, 4) if abs(value) < 1000 else round(value)


def _rounds(text: str) -> int:
    if (value := int(text)) < LEAST_ROUNDS:
        raise argparse.ArgumentTypeError(f"a median wants at least {LEAST_ROUNDS} rounds")
    return value


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


if __name__ == "__main__":
    main()

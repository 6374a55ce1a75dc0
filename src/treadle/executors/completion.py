"""Judges whether a program succeeded: by its exit code and by texts in its output."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from treadle.domain.outcomes import RunError
from treadle.domain.work import Completion


class TextWatch:
    """Looks for texts in a stream of bytes and keeps no more of it than a text could straddle."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._missing = {text: text.encode() for text in texts if text}
        self._keep = max(map(len, self._missing.values()), default=0) - 1
        self._tail = b""
        self._found: set[str] = {""}

    def feed(self, data: bytes) -> None:
        """Takes the next bytes."""
        if not self._missing:
            return
        window = self._tail + data
        for text in [text for text, needle in self._missing.items() if needle in window]:
            del self._missing[text]
            self._found.add(text)
        self._tail = window[-self._keep :] if self._keep > 0 else b""

    def __contains__(self, text: str) -> bool:
        return text in self._found


def judge(rules: Completion, code: int, stdout: TextWatch, stderr: TextWatch) -> RunError | None:
    """Why a program that ended with `code` (negative: by a signal) did not succeed; None if it did.

    A signal counts as exit code 128 + n, as in shells. The message names every rule that was broken.
    """
    faults = [
        fault
        for name, watch, wanted, unwanted in (
            ("stdout", stdout, rules.stdout_contains, rules.stdout_not_contains),
            ("stderr", stderr, rules.stderr_contains, rules.stderr_not_contains),
        )
        for fault in _text_faults(name, watch, wanted, unwanted)
    ]
    error = "completion"
    if shell_code(code) not in rules.exit_codes:
        error = "exit_code" if code >= 0 else "signal"
        faults.insert(0, _exit_fault(rules, code))
    return RunError(error, "; ".join(faults)) if faults else None


def shell_code(code: int) -> int:
    """An exit code as a shell reports it."""
    return 128 - code if code < 0 else code


def _exit_fault(rules: Completion, code: int) -> str:
    if code < 0:
        return f"the program was ended by signal {-code} ({signal_name(-code)})"
    expected = " or ".join(map(str, rules.exit_codes))
    return f"the program ended with exit code {code}, expected {expected}"


def signal_name(number: int) -> str:
    """What a signal is called."""
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal: those between the first and the last have no name
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def _text_faults(name: str, watch: TextWatch, wanted: Iterable[str], unwanted: Iterable[str]) -> list[str]:
    return [f"{name}_contains: {text!r} is not in {name}" for text in wanted if text not in watch] + [
        f"{name}_not_contains: {text!r} is in {name}" for text in unwanted if text in watch
    ]

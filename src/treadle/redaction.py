"""Keeps the values of secrets out of every log, and out of results."""

from __future__ import annotations

import json
import logging
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from treadle.domain.errors import InvalidInput
from treadle.domain.logs import clean

MASK: Final = "***"
MIN_LENGTH: Final = 4
_TALKATIVE: Final = ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "requests")
_MIME_WIDTHS: Final = (64, 76)


class Redactor:
    """Masks each secret as such and in its base64, URL-quoted and JSON-escaped forms.

    A secret of several lines is masked line by line, as it reaches a log. Raises InvalidInput for a value too short to
    be masked without masking half the log. Known limit: base64 that is wrapped in lines and begins before the secret.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """`secrets` are values by their names."""
        for name, value in secrets.items():
            if len(value.strip()) < MIN_LENGTH:
                raise InvalidInput(
                    f"secret {name} is too short to be kept out of the log: it needs at least {MIN_LENGTH} characters"
                )
        forms = {form for value in secrets.values() for form in _forms(value) if len(form) >= MIN_LENGTH}
        # Of two forms that begin alike the longer must be tried first.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self.longest = len(ordered[0]) if ordered else 0

    def redact(self, text: str) -> str:
        """The text with every secret masked."""
        if self._pattern is None:
            return text
        kept = []
        done = 0
        for start, end in self._spans(text):
            kept.append(text[done:start])
            done = end
        return MASK.join([*kept, text[done:]])

    def redact_json(self, value: Any) -> Any:
        """A decoded JSON value with every secret masked, in keys too; a number that shows a secret becomes a string."""
        if self._pattern is None:
            return value
        if isinstance(value, dict):
            return {self.redact(key): self.redact_json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.redact_json(item) for item in value]
        if isinstance(value, str):
            return self.redact(value)
        text = json.dumps(value)
        return value if (masked := self.redact(text)) == text else masked

    def cut(self, text: str, at: int) -> int:
        """Where to cut a text near `at` so that no secret is parted. `text` is at least `longest` longer than `at`."""
        for start, end in self._spans(text):
            if start < at < end:
                return start or end
        return at

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """The stretches to mask, in order; secrets that overlap or touch make one."""
        if self._pattern is None:
            return
        span = None
        match = self._pattern.search(text)
        while match:
            start, end = match.span()
            if span and start <= span[1]:
                span = span[0], max(span[1], end)
            else:
                if span:
                    yield span
                span = start, end
            match = self._pattern.search(text, start + 1)
        if span:
            yield span


NOTHING_SECRET: Final = Redactor({})


def quieten() -> None:
    """Let libraries not tell whom they call, as they do at lower levels: addresses may hold secrets."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _forms(value: str) -> Iterator[str]:
    """The forms in which a secret may turn up in a cleaned line of text."""
    for part in {value, *(line.strip() for line in value.splitlines())}:
        if len(part) >= MIN_LENGTH:
            yield clean(part)
            yield json.dumps(part)[1:-1]
            yield json.dumps(part, ensure_ascii=False)[1:-1]
            yield from _url_forms(part)
            yield from _base64_forms(part)


def _url_forms(value: str) -> Iterator[str]:
    for quoted in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield quoted
        yield re.sub("%..", lambda code: code[0].lower(), quoted)


def _base64_forms(value: str) -> Iterator[str]:
    """What of base64 text depends on the secret alone, wherever in a group of three bytes the secret begins."""
    data = value.encode()
    for encode in (b64encode, urlsafe_b64encode):
        for lead in range(3):
            whole = encode(bytes(lead) + data).decode()
            form = whole[(lead * 8 + 5) // 6 : (lead + len(data)) * 8 // 6]
            yield form
            if lead == 0:
                for width in _MIME_WIDTHS:
                    yield from (form[i : i + width] for i in range(0, len(form), width))

"""Paths of the API from what callers name: no name leads to another path than its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Home, at
from treadle import Client
from treadle.cli.exits import Exit
from treadle.client.remote.paths import segment
from treadle.domain.errors import InvalidInput


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_lead_to_another_path_is_refused_before_anything_is_asked(name: str) -> None:
    with Client("http://127.0.0.1:1", token="t" * 20) as client, pytest.raises(InvalidInput, match="is no id"):
        client.jobs.delete(name)


def test_whatever_else_is_named_stays_one_segment() -> None:
    assert segment("a/../b?c#d %") == "a%2F..%2Fb%3Fc%23d%20%25"


@pytest.mark.parametrize("command", ["run show", "job show", "queue pause", "lane show"])
def test_a_command_is_told_that_it_was_given_an_empty_name(tmp_path: Path, command: str) -> None:
    done = Home(tmp_path).run(*command.split(), "", **at("http://127.0.0.1:1", "t" * 20))
    assert (done.returncode, done.stdout, done.stderr) == (Exit.USAGE, "", "treadle: '' is no id and no name\n")

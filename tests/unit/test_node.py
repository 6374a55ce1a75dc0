"""What the pages are built by, from a checkout and into the wheel: one node, which trusts what the machine trusts."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import node


def test_the_machines_authorities_are_trusted_unless_others_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "ca.crt"
    monkeypatch.setattr(node, "AUTHORITIES", machine)
    assert "NODE_EXTRA_CA_CERTS" not in node.environment({})
    machine.touch()
    assert node.environment({})["NODE_EXTRA_CA_CERTS"] == str(machine)
    assert "NODE_EXTRA_CA_CERTS" not in node.environment({"NODE_EXTRA_CA_CERTS": "/mine.crt"})


def test_node_and_its_npm_are_where_they_are_said_to_be() -> None:
    said = node.environment({"PATH": "/bin"})
    assert said["PATH"].endswith("/bin:/bin")
    assert all(Path(said[name]).is_file() for name in ("NODE", "NPM"))


def test_the_build_of_the_wheel_and_the_script_go_by_it() -> None:
    scripts = Path(node.__file__).parent
    for name in ("console", "pages_hook.py"):
        assert "node.py" in (scripts / name).read_text(), name
        assert "ca-certificates" not in (scripts / name).read_text(), name

"""Backup: a consistent copy while work goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.domain.errors import Conflict
from treadle.engines.contract import Engine
from treadle.testing.conformance.opening import needs
from treadle.testing.driver import Driver


class TestBackup:
    async def test_a_copy_is_made_once_and_overwrites_nothing(
        self, engine: Engine, drive: Driver, tmp_path: Path
    ) -> None:
        needs(engine, "backup")
        await drive.submit(3)
        target = tmp_path / "copy"
        await engine.backup(target)
        before = target.read_bytes()
        with pytest.raises(Conflict):
            await engine.backup(target)
        assert target.read_bytes() == before
        assert before

    async def test_an_open_engine_takes_writes(self, engine: Engine) -> None:
        await engine.ping()

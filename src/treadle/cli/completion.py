"""`treadle completion`: what lets a shell complete commands, options, and the names that the server knows."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell it is for.")],
    /,
) -> None:
    """Prints a script that lets a shell complete what is typed, with the ids of jobs, runs and queues.

    For bash: treadle completion bash > ~/.local/share/bash-completion/completions/treadle

    For zsh: treadle completion zsh > a file _treadle in a folder of $fpath

    For fish: treadle completion fish > ~/.config/fish/completions/treadle.fish

    Example: treadle completion bash
    """
    from treadle.cli.main import build_app

    sys.stdout.write(build_app().generate_completion(shell=shell))

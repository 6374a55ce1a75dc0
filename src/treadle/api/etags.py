"""ETag and If-Match: what was read must still stand when it is changed. 412 tells the ETag that stands."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from treadle.domain.errors import InvalidInput, Problem

_VERSION: Final = r'^(\*|"[0-9]{1,18}")$'
_REVISION: Final = r'^(\*|"[0-9a-f]{16}")$'
_ABOUT: Final = "The state that was read, as its ETag."


def tagged(state: int | str) -> dict[str, str]:
    """The header of an answer that tells a document."""
    return {"ETag": f'"{state}"'}


async def expected_version(
    if_match: Annotated[str | None, Header(json_schema_extra={"pattern": _VERSION}, description=_ABOUT)] = None,
) -> int | None:
    """The version in If-Match; None where any will do. Raises InvalidInput for what is no ETag of a job."""
    said = _read(if_match, _VERSION, "3")
    return None if said is None else int(said)


async def expected_revision(
    if_match: Annotated[str | None, Header(json_schema_extra={"pattern": _REVISION}, description=_ABOUT)] = None,
) -> str | None:
    """The revision in If-Match; None where any will do. Raises InvalidInput for what is no ETag of a revision."""
    return _read(if_match, _REVISION, "0f1e2d3c4b5a6978")


def _read(if_match: str | None, pattern: str, example: str) -> str | None:
    if if_match is None or if_match == "*":
        return None
    if re.fullmatch(pattern, if_match) is None:
        raise InvalidInput([Problem("/header/if-match", f'{if_match!r:.40} is no ETag of this, such as "{example}"')])
    return if_match.strip('"')


Expected = Annotated[int | None, Depends(expected_version)]
ExpectedRevision = Annotated[str | None, Depends(expected_revision)]

"""ETag and If-Match: what was read must still stand when it is changed. 412 tells the ETag that stands."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from treadle.domain.errors import InvalidInput, Problem

_TAG: Final = r'^(\*|(W/)?"[!#-~]*")$'
"""One entity tag of RFC 9110, or `*`."""

_NO_VERSION: Final = -1
_NO_REVISION: Final = ""
_ABOUT: Final = "The state that was read, as its ETag."

IfMatch = Annotated[str | None, Header(json_schema_extra={"pattern": _TAG}, description=_ABOUT)]


def tagged(state: int | str) -> dict[str, str]:
    """The header of an answer that tells a document."""
    return {"ETag": f'"{state}"'}


async def expected_version(if_match: IfMatch = None) -> int | None:
    """The version in If-Match; None where any will do. Raises InvalidInput for what is no ETag.

    One that no job ever had is a version that never stands; so is a weak one, by the rules of If-Match.
    """
    said = _read(if_match)
    if said is None:
        return None
    return int(said) if re.fullmatch("[0-9]{1,18}", said) else _NO_VERSION


async def expected_revision(if_match: IfMatch = None) -> str | None:
    """The revision in If-Match; None where any will do. Raises InvalidInput for what is no ETag."""
    return _read(if_match)


def _read(if_match: str | None) -> str | None:
    """What an ETag holds."""
    if if_match is None or if_match == "*":
        return None
    if re.fullmatch(_TAG, if_match) is None:
        said = f'{if_match!r:.40} is no ETag, such as "3", and just one is taken'
        raise InvalidInput([Problem("/header/if-match", said)])
    return if_match.strip('"') if if_match.startswith('"') else _NO_REVISION


Expected = Annotated[int | None, Depends(expected_version)]
ExpectedRevision = Annotated[str | None, Depends(expected_revision)]

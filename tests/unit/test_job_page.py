"""A page about jobs tells words of others, and lets them do nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from treadle.api.schemas.jobs import to_definition
from treadle.cli.job_page import job_page
from treadle.domain.jobs import parse_job


def document(**said: Any) -> dict[str, Any]:
    spec = parse_job({"job_id": "ansi", "type": "t", **said})
    return {**msgspec.to_builtins(to_definition(spec)), "source": "api"}


def test_nothing_in_a_page_drives_a_terminal_or_is_an_element_of_html() -> None:
    said = "\x1b[31mred\x1b]8;;http://evil\x07x\x9b1m\u202e <script>alert(1)</script> & so"
    page = job_page([document(name=said, description=f"{said}\nsecond line", inputs={"a": said})])
    assert "redx" in page
    assert "\nsecond line\n" in page
    assert page.replace("\n", "").isprintable()
    assert "<script" not in page.replace("`", "").split("| input |")[0]
    assert "&lt;script>alert(1)&lt;/script> &amp; so" in page

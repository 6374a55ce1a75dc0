"""Asks a web server whether it is well."""

from __future__ import annotations

import time
from urllib.request import Request, urlopen

from treadle import JobContext, job


@job("health.check", timeout_seconds=15, max_retries=1, backoff=[1])
def check(ctx: JobContext, url: str, max_ms: int = 2000) -> dict[str, str | int]:
    """Fails where the server does not answer with a 2xx status, or takes longer than `max_ms`."""
    request = Request(url, headers={"User-Agent": f"treadle {ctx.run_id}"})
    began = time.monotonic()
    with urlopen(request, timeout=max_ms / 1000) as answer:
        answer.read()
    took_ms = round((time.monotonic() - began) * 1000)
    if took_ms > max_ms:
        raise TimeoutError(f"{url} answered after {took_ms} ms, {max_ms} ms are allowed")
    ctx.logger.info("healthy", url=url, status=answer.status, ms=took_ms)
    return {"url": url, "status": answer.status, "ms": took_ms}

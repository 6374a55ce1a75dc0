"""Stands for work that depends on something unreliable: it fails twice, and then it does not."""

from __future__ import annotations

from treadle import JobContext, job


@job("flaky.then-fine", max_retries=3, backoff=[0.2, 0.4])
async def flaky(ctx: JobContext, failures: int = 2) -> dict[str, int]:
    """Fails as often as it is told to before it succeeds."""
    if ctx.attempt <= failures:
        raise ConnectionError(f"the other side hung up on attempt {ctx.attempt}")
    ctx.logger.info("got through", attempt=ctx.attempt)
    return {"attempts": ctx.attempt}

"""An order that is sent once it is paid for: what was done is not done twice, and waiting takes nobody's place."""

from __future__ import annotations

from treadle import JobContext, WaitTimeout, job


@job("order.ship", max_retries=3, backoff=[0.2])
async def ship(ctx: JobContext, order: int, patience_sec: float = 86_400) -> dict[str, str]:
    """Asks for the money, waits until it has come, and sends the parcel."""
    invoice = await ctx.step("invoice", write_invoice, ctx, order)
    try:
        paid = await ctx.wait_for("paid", {"order": order}, timeout=patience_sec)
    except WaitTimeout:
        return {"invoice": invoice, "state": "not paid"}
    await ctx.sleep(0.2)  # the money has to arrive
    parcel = await ctx.step("parcel", send_parcel, ctx, order)
    return {"invoice": invoice, "paid_by": paid["by"], "parcel": parcel}


def write_invoice(ctx: JobContext, order: int) -> str:
    """Stands for a call that must not be made twice."""
    ctx.logger.info("invoice written", order=order)
    return f"INV-{order}"


async def send_parcel(ctx: JobContext, order: int) -> str:
    """Stands for one that fails the first time."""
    if ctx.attempt == 1:
        raise ConnectionError("the parcel service hung up")
    ctx.logger.info("parcel sent", order=order)
    return f"PCL-{order}"

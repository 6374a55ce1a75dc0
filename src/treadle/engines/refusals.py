"""What an engine's refusal of a submitted run, or of an event, means to whoever submitted it."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.domain.bulk_actions import WhyLeft
from treadle.domain.errors import InvalidInput, KeyReused, LetterResolved, Problem, QueueDraining
from treadle.domain.runs import NewRun
from treadle.engines.contract import Accepted, Admission, Engine, Published


def check_transactions(engine: Engine) -> None:
    """Raises InvalidInput where an engine stores nothing within the transactions of callers."""
    if "transactions" not in engine.capabilities:
        raise InvalidInput(
            "runs are submitted within a transaction of yours where both are in one PostgreSQL database: the engine "
            f"here is {engine.version}. Name that database by TREADLE_DATABASE_URL, or leave `connection` out"
        )


def check_accepted(new: NewRun, answer: Accepted) -> None:
    """Raises KeyReused, QueueDraining, LetterResolved or InvalidInput where a run was refused: nothing was stored."""
    match answer.admission:
        case Admission.KEY_REUSED:
            raise KeyReused("this idempotency key came before with another request; take a new key for a new one")
        case Admission.QUEUE_DRAINING:
            raise QueueDraining(new.queue)
        case Admission.LETTER_RESOLVED:
            raise LetterResolved(f"run {new.retry_of} is no dead letter any more: it was retried or discarded just now")
        case Admission.PARENT_MISSING if new.depends is not None and answer.at is not None:
            missing = new.depends.parents[answer.at]
            raise InvalidInput([Problem(f"/depends_on/{answer.at}", f"there is no run {missing}", "parent_missing")])
        case _:
            return


def check_published(answer: Published) -> None:
    """Raises KeyReused where an event was refused."""
    if answer.admission is Admission.KEY_REUSED:
        raise KeyReused("this idempotency key came before with another event; take a new key for a new one")


def check_named(answer: Accepted) -> None:
    """Raises KeyReused where something that is no run was refused."""
    if answer.admission is Admission.KEY_REUSED:
        raise KeyReused("this idempotency key came before with another request; take a new key for a new one")


def retry_refusals(retries: Sequence[NewRun], answers: Sequence[Accepted]) -> list[tuple[str, WhyLeft]]:
    """The runs whose retries were not stored, each with the reason."""
    return [
        (str(new.retry_of), WhyLeft(answer.admission.value))
        for new, answer in zip(retries, answers, strict=True)
        if answer.admission is not Admission.CREATED
    ]


def check_all_accepted(new: Sequence[NewRun], answers: Sequence[Accepted]) -> None:
    """The same for a batch. A parent that was itself refused says why, before the run that names it does."""
    for run, answer in zip(new, answers, strict=True):
        check_accepted(run, answer)

"""Jobs as the document store keeps them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct, structs

from treadle.domain.jobs import Job, JobSpec, create_job
from treadle.engines.contract import Document

JOB_KIND: Final = "job"
"""The kind under which the document store keeps jobs, by `job_id`."""


class StoredJob(Struct, frozen=True):
    """The body of a job's document; the rest of a job is the document's own."""

    spec: JobSpec
    source: str


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(StoredJob)


def job_body(job: Job) -> bytes:
    """A job as the body of its document."""
    return _encoder.encode(StoredJob(job.spec, job.source))


@lru_cache(maxsize=512)
def to_job(document: Document) -> Job:
    """The job that a document holds. Cached by content: runs of one version decode it once."""
    stored = _decoder.decode(document.body)
    job = create_job(stored.spec, domain=document.domain, source=stored.source, now=document.updated_at)
    return structs.replace(job, version=document.version, created_at=document.created_at)

"""The form in which a job is kept in the document store."""

from __future__ import annotations

from typing import Final

import msgspec

from treadle.domain.jobs.records import Job

JOB_KIND: Final = "job"
"""The kind under which the document store keeps jobs, by `job_id`."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Job)


def encode_job(job: Job) -> bytes:
    """A job as the body of its document."""
    return _encoder.encode(job)


def decode_job(body: bytes) -> Job:
    """The job in a document's body."""
    return _decoder.decode(body)

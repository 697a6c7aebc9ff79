"""How a job of the engine ends: it is told, and nothing is raised."""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from stickerstudio.core.errors import Cancelled, report
from stickerstudio.core.messages import Emit, JobCancelled, JobDone, JobFailed


@contextmanager
def tell_ending(job_id: int, emit: Emit) -> Generator[None]:
    """Do the job within, and `emit` JobDone, JobCancelled or JobFailed after it."""
    began = time.perf_counter()
    try:
        yield
    except Cancelled:
        emit(JobCancelled(job_id))
    except Exception as error:  # noqa: BLE001 — told to the user; the next job may go well
        told = report(error)
        if told.is_fault:
            told = replace(told, details=traceback.format_exc())
        emit(JobFailed(job_id, told))
    else:
        emit(JobDone(job_id, time.perf_counter() - began))

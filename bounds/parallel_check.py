"""Steps of proofs checked in several processes, each with its own solvers, and with an end to every check."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from types import FrameType

from .outcome import Outcome
from .proof import Proof, StepReport, check_step
from .proofs_on_record import load_proof

SECONDS_PER_CHECK = 90.0
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """Step number `index` of the proof of `theorem`, one of those that the proof of `root` rests on, or that itself."""

    root: str
    theorem: str
    index: int
    falsify: bool


@dataclass(frozen=True)
class Checked:
    """What became of a step and of its falsified variants: plain values that processes can hand over."""

    found: Outcome
    seconds: float
    falsified: tuple[Outcome, ...] = ()


def checked(tasks: Sequence[Task], *, processes: int) -> Iterator[tuple[Task, Checked]]:
    """What became of each step, in the order in which they finish.

    Worker processes start afresh: solvers and their threads do not survive being copied.
    """
    if processes <= 1:
        _proofs.cache_clear()  # this process may have seen other versions of the proofs
        yield from ((task, _check(task)) for task in tasks)
        return
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_one_thread_each)
    try:
        futures = {pool.submit(_check_in_time, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], _result(future)
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: Future[Checked]) -> Checked:
    try:
        return future.result()
    except BrokenProcessPool as error:
        return Checked(Outcome.inconclusive(f"a process that checked steps ended: {error}"), 0.0)


def _one_thread_each() -> None:
    for name in _THREAD_LIMITS:
        os.environ.setdefault(name, "1")


@lru_cache
def _proofs(root: str) -> dict[str, Proof]:
    proof = load_proof(root)
    return proof.foundations | {proof.theorem: proof}


def _check(task: Task) -> Checked:
    step = _proofs(task.root)[task.theorem].steps[task.index]
    return _plain(check_step(step, falsify=task.falsify))


def _plain(report: StepReport) -> Checked:
    return Checked(_printed(report.found), report.seconds, tuple(_printed(found) for _, found in report.falsified))


def _printed(outcome: Outcome) -> Outcome:
    shown = None if outcome.counterexample is None else str(outcome.counterexample)
    return Outcome(outcome.verdict, outcome.reason, shown)


def _check_in_time(task: Task) -> Checked:
    with time_limit(SECONDS_PER_CHECK):
        try:
            return _check(task)
        except TimeoutError as error:
            return Checked(Outcome.inconclusive(str(error)), SECONDS_PER_CHECK)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the body whenever so much time has passed, in a main thread of a system with alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not decided within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

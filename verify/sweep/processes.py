"""The work of a sweep in processes of this machine, with one thread each for linear algebra.

Processes, because what a small run costs is mostly Python, which holds one lock for all threads of a process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, TypeVar

from ...bounds import InvalidInput
from ...kernels.blocks.cluster import workers_for
from ...kernels.blocks.one_thread import limited
from ...kernels.blocks.workers import Workers, in_order, processors

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ProcessWorkers", "team_for"]

Result = TypeVar("Result")
_AHEAD = 2
_PATIENCE = 3


@contextmanager
def team_for(scheduler: str | Client | None, workers: int | None = None) -> Iterator[Workers]:
    """Processes of this machine, by default one for each processor, or the workers of a Dask cluster.

    Raises InvalidInput as `workers_for` does, and if ``workers`` is not positive.
    """
    if scheduler is not None:
        with workers_for(scheduler, workers) as team:
            yield team
        return
    team = ProcessWorkers(processors() if workers is None else workers)
    try:
        yield team
    finally:
        team.close()


@dataclass
class ProcessWorkers:
    """``count`` processes, which are started by the first call and replaced when they die."""

    count: int
    _pool: ProcessPoolExecutor | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InvalidInput(f"workers is {self.count}: expected a positive number")

    def share(self, value: Any) -> Any:
        return value

    def map(self, function: Callable[..., Result], items: Iterable[Any], *shared: Any) -> Iterator[Result]:
        """function(item, *shared) for all items, in their order; made again where a process died.

        Raises:
            ChildProcessError: processes died again and again, and no result came.
        """
        remaining, deaths = deque(items), 0
        while remaining:
            try:
                for result in self._results(function, tuple(remaining), shared):
                    remaining.popleft()
                    deaths = 0
                    yield result
            except BrokenProcessPool as error:
                self.close()
                deaths += 1
                if deaths == _PATIENCE:
                    raise ChildProcessError(
                        f"worker processes ended {deaths} times at {remaining[0]!r}: is there enough memory?"
                    ) from error

    def close(self) -> None:
        """End the processes, after the calls that they are at."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _results(
        self, function: Callable[..., Result], items: tuple[Any, ...], shared: tuple[Any, ...]
    ) -> Iterator[Result]:
        if self._pool is None:
            # Not forked: a copy of a process whose threads hold locks may wait for them for ever.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_begin)
        pool = self._pool

        def submit(item: Any) -> Future[Result]:
            return pool.submit(function, item, *shared)

        return in_order(items, submit, window=_AHEAD * self.count)


def _begin() -> None:
    """What a process does first."""
    os.environ["NPROC"] = "1"
    limited()
    # An interrupt is for the process that gives the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End with the process that gives the work: where that is killed, nobody else tells this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

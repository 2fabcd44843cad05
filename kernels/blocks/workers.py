"""Who does the work of many blocks: threads of this process, or (see `cluster`) the workers of a Dask cluster.

The same function is called on the same arguments either way, with one thread for the linear algebra within it (see
`one_thread`), so that the results have the same bits.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from ...bounds import InvalidInput
from .one_thread import limited

__all__ = ["LocalWorkers", "Workers", "in_order", "processors"]

Result = TypeVar("Result")
# Submitted beforehand for each worker, so that none waits for the caller.
_AHEAD = 2


class Workers(Protocol):
    """A place where calls are made."""

    @property
    def count(self) -> int:
        """How many calls run at the same time."""

    def share(self, value: Any) -> Any:
        """`value` in the form in which `map` takes it, sent to the workers once and not with every call."""

    def map(self, function: Callable[..., Result], items: Iterable[Any], *shared: Any) -> Iterator[Result]:
        """function(item, *shared) for all items, in their order; a few calls more than `count` are under way."""


@dataclass(frozen=True)
class LocalWorkers:
    """`count` threads of this process: NumPy and JAX let other threads run while they compute."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InvalidInput(f"workers is {self.count}: expected a positive number")

    def share(self, value: Any) -> Any:
        return value

    def map(self, function: Callable[..., Result], items: Iterable[Any], *shared: Any) -> Iterator[Result]:
        # For BLAS libraries with one setting for the process, and for those with one for each thread (`one_thread`).
        with limited(), ThreadPoolExecutor(self.count, initializer=limited) as threads:

            def submit(item: Any) -> Future[Result]:
                return threads.submit(function, item, *shared)

            try:
                yield from in_order(items, submit, window=_AHEAD * self.count)
            finally:
                threads.shutdown(wait=True, cancel_futures=True)


def in_order(items: Iterable[Any], submit: Callable[[Any], Any], *, window: int) -> Iterator[Any]:
    """The results of the futures that `submit` makes of the items, in order, at most `window` of them at a time."""
    remaining = iter(items)
    waiting = deque(submit(item) for item in islice(remaining, window))
    while waiting:
        result = waiting.popleft().result()
        waiting.extend(submit(item) for item in islice(remaining, 1))
        yield result


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""One thread for the linear algebra of a call, whatever other threads of the process do.

The sums of a BLAS depend on its number of threads (those of OpenBLAS in single precision do). With one thread the bits
of a block are the same wherever it is computed, on processors of one kind and with the same versions of the libraries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import numpy  # noqa: F401  (its BLAS must be there when `_libraries` looks for it)

__all__ = ["limited", "on_one_thread", "one_thread"]

Result = TypeVar("Result")


def on_one_thread(function: Callable[..., Result], *arguments: Any) -> Result:
    """function(*arguments), with one thread for the linear algebra in it."""
    with one_thread():
        return function(*arguments)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for BLAS libraries within; afterwards, when no other thread is within, as many as before.

    Some libraries have a setting for each thread that calls them, others one for the process, which threadpoolctl lets
    only one thread change at a time: so both are made.
    """
    with _process_setting.held(), limited():
        yield


def limited() -> AbstractContextManager[Any]:
    """One thread for the calls of this thread, and of all others where they share a setting that it may change.

    As soon as it is called; on leaving, as many as before.
    """
    limits: AbstractContextManager[Any] = _libraries().limit(limits=1)
    return limits


@lru_cache(maxsize=1)
def _libraries() -> Any:
    """The BLAS libraries in this process: to find them takes longer than a small product."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _ProcessSetting:
    """The setting of the process, in the hands of one thread of its own as long as anybody needs it."""

    def __init__(self) -> None:
        self._lock, self._holders = threading.Lock(), 0
        self._keeper: ThreadPoolExecutor | None = None
        self._limits: Any = None

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            self._holders += 1
            if self._holders == 1:
                self._keeper = ThreadPoolExecutor(1, thread_name_prefix="one-thread")
                self._keeper.submit(self._limit).result()
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0 and self._keeper is not None:
                    self._keeper.submit(self._restore).result()
                    self._keeper.shutdown()
                    self._keeper = None

    def _limit(self) -> None:
        self._limits = limited()
        self._limits.__enter__()

    def _restore(self) -> None:
        self._limits.__exit__(None, None, None)


_process_setting = _ProcessSetting()

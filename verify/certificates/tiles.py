"""Sums over neurons in tiles that stay in cache, and work on the data points in parallel.

BLAS libraries start one thread per core for every product; where the cores are shared, these threads wait for each
other far longer than they work. Here each data point is one task on one thread, with single-threaded products.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

_ROWS = 8192
_EPSILON = float(np.finfo(np.float64).eps)
Item = TypeVar("Item")
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


def tiles(count: int) -> Iterator[slice]:
    """Consecutive slices that cover ``range(count)``."""
    return (slice(start, min(start + _ROWS, count)) for start in range(0, count, _ROWS))


def weighted_product(
    left: Float[np.ndarray, "rows k"], weights: Float[np.ndarray, " rows"], right: Float[np.ndarray, "rows l"]
) -> Float[np.ndarray, "k l"]:
    """``left' diag(weights) right`` without a temporary of the size of its factors."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for tile in tiles(len(weights)):
        total += left[tile].T @ (weights[tile, None] * right[tile])
    return total


def gram_upper_eigenvalue(rows: Float[np.ndarray, "rows k"], weights: Float[np.ndarray, " rows"]) -> float:
    """Upper bound of the largest eigenvalue of ``rows' diag(weights) rows`` for ``weights >= 0``.

    The product is off by at most ``(number of rows + 1)`` roundings of its trace, the eigenvalue solver by a modest
    multiple of the size times the norm (backward stability); both are charged generously.
    """
    gram = weighted_product(rows, weights, rows)
    charge = 4.0 * (len(rows) + 16 * len(gram) + 64) * _EPSILON * float(np.trace(gram))
    return max(float(np.linalg.eigvalsh((gram + gram.T) / 2.0)[-1]) + charge, 0.0)


def single_threaded_products(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """A function whose BLAS products all run on one thread."""

    @wraps(function)
    def limited(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


def in_parallel(task: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``[task(item) for item in items]`` on all cores available, each task with single-threaded BLAS."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
        return list(pool.map(task, items))

"""Calls by several threads: results in order, few at a time, and BLAS on one thread meanwhile."""

import itertools
import threading
from collections.abc import Iterator

import pytest

from robustntk.bounds import InvalidInput
from robustntk.kernels.blocks.workers import LocalWorkers, processors


def add(item: int, *others: int) -> int:
    return item + sum(others)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    workers = LocalWorkers(count)
    late = threading.Event()

    def task(item: int, factor: int) -> int:
        if item == 1:
            late.set()
        elif item == 0 and count > 1:
            assert late.wait(timeout=60)
        return factor * item

    assert list(workers.map(task, range(20), workers.share(3))) == [3 * item for item in range(20)]


def test_few_items_are_taken_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in itertools.count():
            taken.append(item)
            yield item

    results = LocalWorkers(2).map(add, items(), 1)
    assert [next(results) for _ in range(10)] == list(range(1, 11))
    assert len(taken) <= 10 + 2 * 2
    results.close()


def test_an_error_is_that_of_the_call() -> None:
    def fail(item: int) -> int:
        raise InvalidInput(f"item {item}")

    with pytest.raises(InvalidInput, match="item 0"):
        list(LocalWorkers(2).map(fail, range(5)))


def test_no_workers_are_refused() -> None:
    assert processors() >= 1
    with pytest.raises(InvalidInput, match="workers is 0"):
        LocalWorkers(0)

"""Linear algebra on one thread within calls, and on as many as before after them."""

import os
import subprocess
import sys

import pytest

COUNT = """
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy
from threadpoolctl import threadpool_info, threadpool_limits

from robustntk.kernels.blocks.one_thread import on_one_thread, one_thread
from robustntk.kernels.blocks.workers import LocalWorkers


def threads(*item):
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


"""
CASES = {
    "a call": ("print(threads(), on_one_thread(threads), threads(), on_one_thread(threads), threads())", "2 1 2 1 2"),
    "local workers": ("print(*LocalWorkers(2).map(threads, range(3)), threads())", "1 1 1 2"),
    "within a setting of the caller": (
        "with threadpool_limits(2):\n    print(*LocalWorkers(2).map(threads, range(3)), threads())\nprint(threads())",
        "1 1 1 2 2",
    ),
    "another thread": (
        "with ThreadPoolExecutor(1) as pool:\n    print(pool.submit(on_one_thread, threads).result(), threads())\n"
        "print(on_one_thread(threads), threads())",
        "1 2 1 2",
    ),
    "the first leaves before the second": (
        """
entered, left = threading.Event(), threading.Event()

def first():
    with one_thread():
        entered.wait()
    left.set()

def second():
    with one_thread():
        entered.set()
        left.wait()
        return threads()

with ThreadPoolExecutor(2) as pool:
    pool.submit(first)
    print(pool.submit(second).result(), threads())
""",
        "1 2",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_number_of_threads(name: str) -> None:
    code, expected = CASES[name]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    command = [sys.executable, "-c", COUNT + code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == expected.split()

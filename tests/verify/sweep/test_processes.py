"""Processes that do the work: in order, replaced when they die, and gone with the process that gives the work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robustntk.bounds import InvalidInput
from robustntk.kernels.blocks.grid import BlockGrid
from robustntk.kernels.blocks.workers import processors
from robustntk.verify.sweep.processes import ProcessWorkers, team_for


def test_results_come_in_order_and_calls_of_dead_processes_are_made_again() -> None:
    with team_for(None, 2) as team:
        assert isinstance(team, ProcessWorkers)
        results = team.map(divmod, range(3, 11), 3)
        assert next(results) == (1, 0)
        assert team._pool is not None
        for process in list(team._pool._processes.values()):
            os.kill(process.pid, signal.SIGKILL)
        assert list(results) == [divmod(item, 3) for item in range(4, 11)]
        assert list(team.map(os.getenv, ["NPROC"])) == ["1"]
        with pytest.raises(InvalidInput, match="block is 0"):
            list(team.map(BlockGrid, [2], 2, 0, True))


def test_a_call_that_ends_every_process_is_given_up() -> None:
    with team_for(None, 1) as team:
        with pytest.raises(ChildProcessError, match="ended 3 times at 7"):
            list(team.map(os._exit, [7]))


def test_counts() -> None:
    with team_for(None) as team:
        assert team.count == processors()
    with pytest.raises(InvalidInput, match="workers is 0"):
        ProcessWorkers(0)
    with pytest.raises(InvalidInput, match="workers is 2 and a scheduler"), team_for("tcp://127.0.0.1:1", 2):
        pass


PARENT = """
import sys, time
from pathlib import Path
from robustntk.verify.sweep.processes import team_for
from {module} import linger

if __name__ == "__main__":
    with team_for(None, 1) as team:
        list(team.map(linger, [Path(sys.argv[1])]))
"""
CHILD = """
import os, time

def linger(path):
    path.write_text(str(os.getpid()))
    time.sleep(600)
"""


def alive(process: int) -> bool:
    """Whether it runs, and is not just waiting to be buried."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_processes_end_with_the_one_that_gives_the_work(tmp_path: Path) -> None:
    """Killed alone, not with its group."""
    (tmp_path / "lingering.py").write_text(CHILD)
    (tmp_path / "parent.py").write_text(PARENT.format(module="lingering"))
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), str(tmp_path / "pid")])
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline and parent.poll() is None
        time.sleep(0.05)
    worker = int((tmp_path / "pid").read_text())
    assert alive(worker)
    parent.kill()
    parent.wait()
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)

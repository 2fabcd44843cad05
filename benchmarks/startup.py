"""Start-up times of the command line, in fresh processes: wall and processor time, best and median.

Run `python benchmarks/startup.py [--repeats 7]`. It exits with 1 if a best wall time is above its limit.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

# Arguments of `robustntk`, and the limit on the best wall time in seconds.
CALLS = {
    "--help": 1.0,
    "width --help": 1.0,
    "verify --help": 1.0,
    "width --radius 3.91 --dim 65 --epsilon 0.5": 1.5,
    "width --radius 2 --activation erf --epsilon 1e-60": 1.5,
}


def measure(arguments: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of one fresh process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "robustntk.cli", *arguments], check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    table = Table("robustntk ...", "best s", "median s", "processor s", "limit s", title="Start-up")
    late = 0
    for call, limit in CALLS.items():
        walls, processor = zip(*(measure(call.split()) for _ in range(repeats)), strict=True)
        late += not min(walls) < limit
        figures = (min(walls), statistics.median(walls), min(processor), limit)
        table.add_row(call, *(f"{figure:.2f}" for figure in figures))
    Console().print(table)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())

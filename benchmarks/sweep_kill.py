"""A sweep that is killed again and again ends with the bytes of one that is not.

    python -m benchmarks.sweep_kill [--kills 20] [--seed 0] [--out runs/sweep_kill] [-- options of robustntk sweep]

Runs `robustntk sweep` once undisturbed. Then it runs it in another folder, ends the whole process group by SIGKILL at a
random moment, and begins again, as often as asked for; then it lets it finish. Every file of the two folders is
compared byte for byte, and the cells that were finished at a kill must not be written again later. A kill comes up to
0.2 s after a random number of new cells, none among them, which spreads the kills over the whole sweep.
Exits with 1 if anything differs, or if less than the kills asked for came before the end.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

DEFAULTS = "--measure kernel,near-linearity,deviation --radii 1 --widths 32,64,128 --seeds 6 --iterations 10"
Stamps = dict[str, tuple[int, int]]


def command(folder: Path, options: list[str]) -> list[str]:
    """As a user would start it, in a group of its own."""
    return [sys.executable, "-m", "robustntk.cli", "sweep", *options, "--out", str(folder), "--json"]


def start(folder: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """The sweep, in a process group that can be killed as one."""
    return subprocess.Popen(
        command(folder, options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def finish(folder: Path, options: list[str]) -> float:
    """Let a sweep run to its end; the seconds that it took."""
    began = time.monotonic()
    process = start(folder, options)
    process.wait()
    require_end(process)
    return time.monotonic() - began


def killed_at(cells: int, extra: float, folder: Path, options: list[str]) -> bool:
    """Start, wait for so many cells and so many seconds more, and kill; whether the sweep was still running."""
    process = start(folder, options)
    while process.poll() is None and sum(1 for _ in folder.glob("cells/*.json")) < cells:
        time.sleep(0.001)
    try:
        process.wait(extra)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    require_end(process)
    return False


def require_end(process: subprocess.Popen[bytes]) -> None:
    """A sweep that ends by itself says on stderr if it failed, and nothing else."""
    message = process.stderr.read().decode() if process.stderr else ""
    if process.returncode not in (0, 1) or "rror" in message:
        raise SystemExit(f"the sweep failed with code {process.returncode}: {message}")


def contents(folder: Path) -> dict[str, bytes]:
    """All files, half-written ones included."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def stamps(folder: Path) -> Stamps:
    """Which file is which: a file that is written again has another inode, or another time."""
    found = {}
    for file in folder.glob("cells/*.json"):
        status = file.stat()
        found[file.name] = (status.st_ino, status.st_mtime_ns)
    return found


def disturbed(folder: Path, options: list[str], kills: int, cells: int, rng: random.Random) -> tuple[int, int]:
    """Kill the sweep so many times, then let it finish; the kills that hit it, and the cells that were rewritten."""
    hits, rewritten, known = 0, 0, Stamps()
    for left in range(kills, 0, -1):
        share = 2 * (cells - len(known)) // (left + 1)
        hit = killed_at(len(known) + rng.randint(0, share), rng.uniform(0.0, 0.2), folder, options)
        now = stamps(folder)
        rewritten += sum(now.get(name) != stamp for name, stamp in known.items())
        leftovers = sum(1 for _ in folder.rglob(".*.tmp"))
        hits, known = hits + hit, now
        print(f"{'killed' if hit else 'finished'} with {len(now)} of {cells} cells, {leftovers} files half-written")
    finish(folder, options)
    return hits, rewritten + sum(stamps(folder).get(name) != stamp for name, stamp in known.items())


def main(arguments: list[str] | None = None) -> int:
    """Run, kill, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=Path("runs/sweep_kill"), help="a folder that is replaced")
    parser.add_argument("sweep", nargs="*", default=DEFAULTS.split(), help="options of the sweep, after --")
    given = parser.parse_args(arguments)
    for name in ("undisturbed", "killed"):
        shutil.rmtree(given.out / name, ignore_errors=True)
    seconds = finish(given.out / "undisturbed", given.sweep)
    cells = len(stamps(given.out / "undisturbed"))
    print(f"undisturbed: {cells} cells in {seconds:.1f} s")
    rng = random.Random(given.seed)
    hits, rewritten = disturbed(given.out / "killed", given.sweep, given.kills, cells, rng)
    expected, found = contents(given.out / "undisturbed"), contents(given.out / "killed")
    differing = [name for name in sorted(expected.keys() | found.keys()) if expected.get(name) != found.get(name)]
    print(f"{hits} of {given.kills} kills hit the sweep; {rewritten} finished cells were written again")
    print(f"{len(expected)} files undisturbed, {len(found)} after the kills, {len(differing)} differ {differing[:5]}")
    return 0 if not differing and rewritten == 0 and hits == given.kills else 1


if __name__ == "__main__":
    sys.exit(main())

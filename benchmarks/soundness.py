"""Do certificates hold on random functions, points and perturbations, in float32 and float64?

    python -m benchmarks.soundness [--triples 100000] [--dtype float32,float64] [--seed 0] [--planted]

Every method of `certify` is compared with random points, points of the boundary, points along the gradient and attacked
points (PGD and APGD with restarts), over random kernel functions and networks of widths 2 to 10^4. Prints what each
method was compared with and its least margins, and exits with 1 if a certificate was beaten. ``--planted`` then plants
wrong certificates one by one, and exits with 1 if one of them is not noticed.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from robustntk.cli.progress import progress
from robustntk.verify.checking.planted import FAULTS
from robustntk.verify.checking.soundness import SoundnessReport, probe_certificates


def print_report(report: SoundnessReport) -> None:
    """The counts, a table by method and dtype, and the first violations."""
    dtypes = ", ".join(f"{count:,} in {dtype}" for dtype, count in sorted(report.by_dtype.items()))
    print(f"{report.triples:,} triples ({dtypes}) of {report.subjects:,} functions in {report.seconds:.0f} s")
    print(f"{'method':<16}{'dtype':<10}{'compared':>12}{'least margin':>16}{'relative':>14}")
    for (method, dtype), tally in sorted(report.tallies.items()):
        print(f"{method:<16}{dtype:<10}{tally.compared:>12,}{tally.margin:>16.3e}{tally.relative:>14.3e}")
    print(f"{report.violated:,} values below a certificate")
    for violation in report.violations:
        print(f"  {violation}")


def planted_faults_are_noticed(triples: int, seed: int) -> bool:
    """Plant every fault in turn, until a value beats its certificates."""
    noticed = True
    for name, plant in FAULTS.items():
        with plant() as certifier:
            report = probe_certificates(triples, seed=seed, certifier=certifier, stop_at_violation=True)
        methods = ", ".join(sorted({violation.method for violation in report.violations}))
        found = f"noticed after {report.triples:,} triples ({methods})" if report.violated else "NOT noticed"
        print(f"planted: {name}: {found}, {report.seconds:.0f} s")
        noticed &= report.violated > 0
    return noticed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--dtype", default="float32,float64", help="of the networks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--planted", action="store_true", help="also plant wrong certificates")
    options = parser.parse_args()
    dtypes = tuple(np.dtype(name) for name in options.dtype.split(","))
    with progress("soundness", as_json=False) as show:
        report = probe_certificates(options.triples, seed=options.seed, dtypes=dtypes, progress=show)
    print_report(report)
    print(f"{time.process_time():.0f} s of processor time")
    noticed = not options.planted or planted_faults_are_noticed(options.triples, options.seed)
    return 0 if report.holds and noticed else 1


if __name__ == "__main__":
    sys.exit(main())

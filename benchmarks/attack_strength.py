"""How strong and how fast our attack is, beside PGD-20 of Foolbox and of ART on the same networks and pixel-space sets.

    python benchmarks/attack_strength.py [--widths 100,1000,10000] [--seeds 0,1,2] [--activations quadratic_relu,erf]
                                         [--cores 1] [--strongest]

Networks are trained adversarially on digits 0 and 1 (n = 20, cap 0.1, hinge) and attacked at these and 80 further
digits, in l-infinity and l2 balls around the images, cut by the valid pixels and put on the sphere. All attacks take 20
gradient steps in float32; the points that they return are judged by `TwoLayerNetwork.predict` in float64. Ours starts
at the data points, the others at random points.

The peers run in an environment of their own under build/, made on the first run (see peer_attacks.py). Calls take
turns, so that a busy machine slows all; times are medians, with the first call, in which ours compiles, in brackets.
Libraries whose threads wait for each other suffer most on a busy machine: there, ``--cores 1`` is fair to all. Prints
one table and exits with 1 unless our mean hinge loss is at least theirs less 0.001 on every row.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify import Dataset, ProjectedGradientAttack, SphericalCap, TwoLayerNetwork, load_data, train
from robustntk.verify.attacks.adversary import Adversary
from robustntk.verify.attacks.worst_of import strongest
from robustntk.verify.sets.pixel_ball import PixelBall

Array = NDArray[np.float64]
TOLERANCE = 1e-3
STEPS = 20
TRAINED_ON = 20
TRAINING_STEPS = 60
# Step size and radius of training: the reference values of theory section 4.
SETTINGS = {"quadratic_relu": (0.125, 3.91), "erf": (0.5, 7.75)}
BALLS = (("linf", 0.5), ("linf", 1.0), ("l2", 3.0), ("l2", 6.0))
OURS = "ours"


@dataclass(frozen=True)
class Problem:
    """A network and the balls around the images that it is attacked in."""

    activation: str
    width: int
    seed: int
    ball: PixelBall

    @property
    def network(self) -> TwoLayerNetwork:
        return trained(self.activation, self.width, self.seed)

    def hinge(self, points: Array) -> float:
        """Mean hinge loss at points in pixel space, float64."""
        data = digits()
        predictions = self.network.predict(self.ball.embed(np.asarray(points, np.float64)))
        return float(np.mean(get_loss("hinge").value(predictions, data.y)))


@dataclass(frozen=True)
class Found:
    """What one call of an attack returned, pixels of shape (n, k), and how long it took."""

    points: Array
    seconds: float


class Attack(Protocol):
    """An attack under test: a call with the problem and the number of the repetition."""

    def __call__(self, problem: Problem, repeat: int) -> Found: ...


@dataclass(frozen=True)
class Row:
    """Losses and times of all attacks on one problem; times are (first call, median of the others)."""

    problem: Problem
    clean: float
    losses: dict[str, float]
    times: dict[str, tuple[float, float]]

    def holds(self, peers: Sequence[str]) -> bool:
        """Whether our loss is at least that of every peer, up to the tolerance."""
        return bool(peers) and all(self.losses[OURS] >= self.losses[name] - TOLERANCE for name in peers)


@lru_cache
def digits() -> Dataset:
    return load_data("digits", classes=(0, 1), samples=100, seed=1, bias=0.5)


@lru_cache
def trained(activation: str, width: int, seed: int) -> TwoLayerNetwork:
    """A network in float32 after adversarial training on the first digits."""
    data = digits()
    start = SymmetricInitialisation(width, data.dimension, seed)
    step_size, radius = SETTINGS[activation]
    run = train(
        start,
        get_activation(activation),
        get_loss("hinge"),
        data.X[:TRAINED_ON],
        data.y[:TRAINED_ON],
        SphericalCap(0.1),
        ProjectedGradientAttack(),
        step_size=step_size,
        iterations=TRAINING_STEPS,
        radius=radius,
    )
    return TwoLayerNetwork(run.final_weights, start.signs, get_activation(activation))


def by_adversary(adversary: Adversary) -> Attack:
    """One of ours, from the data to the points found."""

    def attack(problem: Problem, repeat: int) -> Found:
        data, network = digits(), problem.network
        began = time.perf_counter()
        found = adversary.perturb(network, data.features, data.y, problem.ball)
        return Found(found.coordinates, time.perf_counter() - began)

    return attack


class Peers:
    """The process that runs the peers' attacks."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.folder = folder
        command = [str(python), str(Path(__file__).with_name("peer_attacks.py"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def attack(self, library: str) -> Attack:
        """PGD of one library, which must stay in the sets and see the same network."""

        def attack(problem: Problem, repeat: int) -> Found:
            request = {
                "problem": str(self._exported(problem)),
                "library": library,
                "steps": STEPS,
                "seed": repeat,
                "found": str(self.folder / "found.npz"),
            }
            answer = self._ask(request)
            with np.load(request["found"]) as archive:
                points, values = archive["points"].astype(np.float64), archive["values"]
            _check_same_problem(problem, points, values)
            return Found(points, answer["seconds"])

        return attack

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, float]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{request['library']} ended without an answer: see its message above")
        return dict(json.loads(line))

    def _exported(self, problem: Problem) -> Path:
        ball, network, data = problem.ball, problem.network, digits()
        path = self.folder / "problem.npz"
        np.savez(
            path,
            weights=network.weights,
            outputs=network.signs / np.sqrt(problem.width),
            activation=network.activation.name,
            scale=float(network.activation.scale),
            bias=ball.bias,
            features=data.features,
            labels=data.y,
            radius=ball.radius,
            norm=ball.norm,
            low=ball.low,
            high=ball.high,
        )
        return path


def _check_same_problem(problem: Problem, points: Array, values: NDArray[Any]) -> None:
    """The peers' points lie in the sets, and their network gives what ours does there, both up to float32."""
    if not np.all(problem.ball.contains(points, digits().features, tolerance=1e-6)):
        raise RuntimeError(f"a peer left the perturbation set {problem.ball}")
    gap = np.max(np.abs(problem.network.predict(problem.ball.embed(points)) - values))
    if not gap <= 1e-3:
        raise RuntimeError(f"the peers' network differs from ours by {gap:.3g}")


def compare(problem: Problem, attacks: dict[str, Attack], *, repeats: int) -> Row:
    """Run all attacks in turns; of the losses found in all repetitions the highest counts, for every attack."""
    found: dict[str, list[Found]] = {name: [] for name in attacks}
    for repeat in range(repeats + 1):
        for name, attack in attacks.items():
            found[name].append(attack(problem, repeat))
    losses = {name: max(problem.hinge(each.points) for each in calls) for name, calls in found.items()}
    times = {
        name: (calls[0].seconds, float(np.median([each.seconds for each in calls[1:]])))
        for name, calls in found.items()
    }
    return Row(problem, problem.hinge(digits().features), losses, times)


def all_hold(rows: Sequence[Row], peers: Sequence[str]) -> bool:
    """The verdict: there are rows, and each holds."""
    return bool(rows) and all(row.holds(peers) for row in rows)


def report(problems: Sequence[Problem], attacks: dict[str, Attack], peers: Sequence[str], *, repeats: int) -> bool:
    """Print the table row by row, and the verdict; whether it holds."""
    columns = "".join(f" | {name:>9} {'ms (first)':>16}" for name in attacks)
    print(f"{'activation':>14} {'m':>6} {'seed':>4} {'set':>9} {'clean':>8}{columns} | holds")
    rows = []
    for problem in problems:
        row = compare(problem, attacks, repeats=repeats)
        rows.append(row)
        shape = f"{problem.ball.norm} {problem.ball.radius:g}"
        cells = "".join(
            f" | {row.losses[name]:9.5f} {1e3 * again:8.1f} ({1e3 * first:5.0f})"
            for name, (first, again) in row.times.items()
        )
        where = f"{problem.activation:>14} {problem.width:6d} {problem.seed:4d} {shape:>9} {row.clean:8.5f}"
        print(f"{where}{cells} | {'yes' if row.holds(peers) else 'NO'}", flush=True)
    if not rows:
        return False
    print(
        "\nsmallest lead of our loss, and how many times as long the peer takes (median over rows; least; first call):"
    )
    for name in peers:
        lead = min(row.losses[OURS] - row.losses[name] for row in rows)
        first, again = (np.array([row.times[name][i] / row.times[OURS][i] for row in rows]) for i in (0, 1))
        print(f"{name:>9} {lead:+.6f}   {np.median(again):5.1f}x  {again.min():5.1f}x  {np.median(first):6.2f}x")
    verdict = all_hold(rows, peers)
    print(f"holds: {str(verdict).lower()}")
    return verdict


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; 1 if a row does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=_numbers, default=[100, 1000, 10_000])
    parser.add_argument("--seeds", type=_numbers, default=[0, 1, 2])
    parser.add_argument("--activations", type=lambda text: text.split(","), default=list(SETTINGS))
    parser.add_argument("--repeats", type=int, default=3, help="timed calls of each attack, after the first")
    parser.add_argument("--cores", type=int, default=None, help="how many cores all attacks may use; all by default")
    parser.add_argument("--strongest", action="store_true", help="also show our strongest combination of attacks")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.activations) - set(SETTINGS))
    if unknown or options.repeats < 1:
        parser.error(f"activations {unknown} are unknown" if unknown else "--repeats must be at least 1")
    if options.cores is not None:
        # Before any library counts the cores; the peers' process inherits it.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: max(options.cores, 1)])
    problems = [
        Problem(activation, width, seed, PixelBall(radius, norm, low=0.0, high=16.0))
        for activation in options.activations
        for width in options.widths
        for seed in options.seeds
        for norm, radius in BALLS
    ]
    peer_attacks = _peer_module()
    python = peer_attacks.prepare()
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(python, Path(folder))
        attacks = {OURS: by_adversary(ProjectedGradientAttack(steps=STEPS))}
        attacks |= {name: peers.attack(name) for name in peer_attacks.LIBRARIES}
        if options.strongest:
            attacks["strongest"] = by_adversary(strongest())
        try:
            verdict = report(problems, attacks, peer_attacks.LIBRARIES, repeats=options.repeats)
        finally:
            peers.close()
    return 0 if verdict else 1


def _peer_module() -> Any:
    """peer_attacks.py, which lies beside this file."""
    sys.path.insert(0, str(Path(__file__).parent))
    import peer_attacks

    return peer_attacks


if __name__ == "__main__":
    sys.exit(main())

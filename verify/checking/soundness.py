"""Do certificates hold? Random functions, points and perturbations, every method by itself, float32 and float64.

A triple is a function, a centre and a point of its perturbation set; it counts once ``s f(x')`` has been computed there
and compared with a certificate. Any value below a certificate by more than the bound of its own rounding error
(`evaluation_error`) is a violation. Nothing is proved by finding none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from ...kernels import numeric
from ..attacks.adversary import Adversary
from ..attacks.auto_projected_gradient import AutoProjectedGradientAttack
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..certificates.certify import certify
from ..certificates.evaluation_error import evaluation_error
from ..predictors import KernelPredictor, TwoLayerNetwork
from .subjects import Subject, family

Array = NDArray[np.float64]
Certifier = Callable[[Subject], Mapping[str, Float[Array, " n"]]]
Progress = Callable[[str, int, int | None], None]
ATTACKS: tuple[Adversary, ...] = (
    ProjectedGradientAttack(steps=15, restarts=3),
    AutoProjectedGradientAttack(steps=15, restarts=2),
)
_SHOWN = 20
# Entries of a product of points and weights: large networks are compared at fewer points.
_WORK = 4_000_000


def certified(subject: Subject) -> Mapping[str, Float[Array, " n"]]:
    """The certificates of the library, method by method."""
    found = certify(subject.function, subject.centers, subject.signs, subject.perturbations, initial=subject.initial)
    return found.by_method


@dataclass(frozen=True)
class Violation:
    """A value below a certificate: ``s f(x') + error = lower + margin`` with a negative (or no) margin."""

    subject: str
    method: str
    dtype: str
    row: int
    lower: float
    margin: float

    def __str__(self) -> str:
        return (
            f"{self.subject}, {self.method} in {self.dtype}, row {self.row}: a value lies {-self.margin:.3g} below the "
            f"certificate {self.lower:.9g}"
        )

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class Tally:
    """What became of one method in one dtype: values compared, the least margin, and the least relative one."""

    compared: int = 0
    margin: float = np.inf
    relative: float = np.inf

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class SoundnessReport:
    """What a test came to. ``triples`` counts distinct triples that were compared with some certificate."""

    triples: int = 0
    subjects: int = 0
    seconds: float = 0.0
    by_dtype: dict[str, int] = field(default_factory=dict)
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    violated: int = 0

    @property
    def holds(self) -> bool:
        """Whether something was compared and no certificate was beaten."""
        return self.triples > 0 and self.violated == 0

    def to_json(self) -> dict[str, Any]:
        methods = [
            {"method": method, "dtype": dtype, **tally.to_json()}
            for (method, dtype), tally in sorted(self.tallies.items())
        ]
        return {
            "holds": self.holds,
            "triples": self.triples,
            "subjects": self.subjects,
            "triples_by_dtype": self.by_dtype,
            "methods": methods,
            "violated": self.violated,
            "violations": [violation.to_json() for violation in self.violations],
            "seconds": round(self.seconds, 2),
        }


def probe_certificates(
    triples: int,
    *,
    seed: int = 0,
    certifier: Certifier = certified,
    dtypes: tuple[Any, ...] = (np.float32, np.float64),
    attacks: tuple[Adversary, ...] = ATTACKS,
    members: int = 16,
    stop_at_violation: bool = False,
    progress: Progress | None = None,
) -> SoundnessReport:
    """Compare certificates with values until that many triples have been compared.

    Args:
        triples: at least so many.
        seed: of everything.
        certifier: gives the certificates of a subject by method; another one to see whether a fault is noticed.
        dtypes: of the networks. Those of float32 weights are evaluated in float32 and in float64.
        attacks: besides random points, points of the boundary and points along the gradient.
        members: subjects of each family: more of them compile less, fewer see more activations and shapes.
        stop_at_violation: end the test early.
        progress: called with (stage, triples compared, triples).

    Raises:
        InvalidInput: no triples are asked for, or a dtype that is not float32 or float64.
    """
    if triples < 1:
        raise InvalidInput(f"triples is {triples}: expected a positive integer")
    if not dtypes or any(np.dtype(dtype) not in (np.float32, np.float64) for dtype in dtypes):
        raise InvalidInput(f"dtypes are {dtypes}: expected float32, float64 or both")
    started, report = time.perf_counter(), SoundnessReport()
    for subject in _subjects(seed, dtypes, members):
        compare(subject, certifier(subject), report, attacks=attacks)
        if progress is not None:
            progress("comparing", report.triples, triples)
        if report.triples >= triples or (stop_at_violation and report.violated):
            break
    report.seconds = time.perf_counter() - started
    return report


def _subjects(seed: int, dtypes: tuple[Any, ...], members: int) -> Iterator[Subject]:
    """An endless stream, family by family."""
    number = 0
    while True:
        drawn = family(seed * 1_000_003 + number, dtypes=dtypes)
        yield from (drawn.member(index) for index in range(members))
        number += 1


def compare(
    subject: Subject,
    lower: Mapping[str, Float[Array, " n"]],
    report: SoundnessReport,
    *,
    attacks: tuple[Adversary, ...] = ATTACKS,
) -> None:
    """Evaluate the subject at many perturbations and enter every comparison with ``lower`` in the report."""
    bounds = {method: np.asarray(values) for method, values in lower.items() if not np.all(np.isneginf(values))}
    points = _perturbed(subject, attacks)
    count, rows, dimension = points.shape
    if not bounds:
        return
    for dtype in {np.dtype(np.float64), subject.dtype}:
        flat = points.reshape(-1, dimension)
        values = _evaluate(subject.function, flat, dtype).reshape(count, rows)
        allowed = evaluation_error(subject.function, flat, dtype=dtype).reshape(count, rows)
        for method, bound in bounds.items():
            _enter(report, subject, method, dtype.name, bound, subject.signs * values, allowed)
        report.by_dtype[dtype.name] = report.by_dtype.get(dtype.name, 0) + count * rows
    report.triples += count * rows
    report.subjects += 1


def _enter(
    report: SoundnessReport, subject: Subject, method: str, dtype: str, lower: Array, values: Array, allowed: Array
) -> None:
    tally = report.tallies.setdefault((method, dtype), Tally())
    margins = values + allowed - lower
    compared = np.broadcast_to(~np.isneginf(lower), margins.shape)
    tally.compared += int(np.sum(compared))
    if not compared.any():
        return
    tally.margin = float(np.minimum(tally.margin, np.min(margins[compared])))
    with np.errstate(invalid="ignore"):
        sizes = np.abs(values) + np.abs(np.where(compared, lower, 0.0)) + np.finfo(np.float64).tiny
        tally.relative = float(np.minimum(tally.relative, np.min((margins / sizes)[compared])))
    for index, row in np.argwhere(compared & ~(margins >= 0.0)):
        report.violated += 1
        if len(report.violations) < _SHOWN:
            found = Violation(subject.name, method, dtype, int(row), float(lower[row]), float(margins[index, row]))
            report.violations.append(found)


def _perturbed(subject: Subject, attacks: tuple[Adversary, ...]) -> Float[Array, "count n d"]:
    """Points of the sphere in the perturbation sets: random, on the boundary, along the gradient, attacked; centres."""
    sets, centers = subject.perturbations, subject.centers
    rng = np.random.default_rng(_seed_of(subject.name))
    network = isinstance(subject.function, TwoLayerNetwork)
    size = subject.function.weights.size if isinstance(subject.function, TwoLayerNetwork) else 1
    many = int(np.clip(_WORK // (len(centers) * max(size, 1)), 6, 48)) if network else 48
    drawn = [sets.sample(centers, 2 * many // 3, rng, part="rim"), sets.sample(centers, many // 3, rng), centers[None]]
    slopes = _slopes(subject)
    for fraction in (1.0, 0.5, 0.1):
        moved = sets.move(centers, -slopes, fraction)
        drawn.append(np.asarray(sets.project(moved, centers))[None])
    embedded = np.asarray(sets.embed(np.concatenate(drawn)))
    attacked = [attack.perturb(subject.function, centers, subject.signs, sets).points[None] for attack in attacks]
    return np.concatenate([embedded, *attacked])


def _seed_of(name: str) -> list[int]:
    return list(name.encode())


def _slopes(subject: Subject) -> Float[Array, "n k"]:
    """Gradients of ``s f`` at the centres, in the coordinates of the sets."""
    points = np.asarray(subject.perturbations.embed(subject.centers))
    gradients = subject.signs[:, None] * subject.function.input_gradient(points)
    # Feature rows are put on the sphere by their direction: the gradient's part along the features does.
    return np.asarray(gradients[:, : subject.centers.shape[1]])


def _evaluate(function: KernelPredictor | TwoLayerNetwork, points: Array, dtype: np.dtype[Any]) -> Array:
    """f at the points, as a user of that dtype computes it; float64."""
    if dtype == np.float64 or isinstance(function, KernelPredictor):
        return function.predict(points)
    outputs = (np.asarray(function.signs) / np.sqrt(len(function.signs))).astype(dtype)
    inputs = points.astype(dtype) @ np.asarray(function.weights, dtype).T
    return np.asarray(numeric(function.activation, 0)(inputs) @ outputs, np.float64)

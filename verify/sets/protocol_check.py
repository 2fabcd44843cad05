"""Does a perturbation set keep the protocol? For sets of one's own, before attacks and certificates rest on them.

Every claim is tried on many points and either refuted, with the row and by how much, or left inconclusive: points that
were tried prove nothing about the others. What an attack or certificate needs and no test can show, that the enclosing
caps hold *every* point, is searched for by gradient ascent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Outcome
from ...bounds.outcome import Verdict
from .protocol import PerturbationSet

Array = NDArray[np.float64]
# Relative to the size of the numbers compared: what rounding may do in float64, and what float32 may differ by.
_ROUNDING, _SINGLE = 1e-9, 1e-4
# How far points to project are moved away from the set, over its extent.
_SPREADS = (1e-3, 1e-1, 1.0, 10.0)
_ASCENT = 20


@dataclass(frozen=True)
class Violation:
    """Where a claim fails: the row of the centre, and by how much beyond what rounding allows."""

    row: int
    excess: float

    def __str__(self) -> str:
        return f"row {self.row}, by {self.excess:.3g}"


@dataclass(frozen=True)
class SetReport:
    """What became of every claim of the protocol; ``inconclusive`` means that no counterexample was found."""

    claims: Mapping[str, Outcome]

    @property
    def refuted(self) -> tuple[str, ...]:
        """The claims that fail."""
        return tuple(name for name, outcome in self.claims.items() if outcome.verdict is Verdict.REFUTED)

    def __str__(self) -> str:
        return "\n".join(f"{name}: {outcome}" for name, outcome in self.claims.items())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: outcome.to_json() for name, outcome in self.claims.items()}


def check_perturbation_set(
    perturbations: PerturbationSet,
    centers: Float[Array, "n k"],
    *,
    claims: Sequence[str] | None = None,
    seed: int = 0,
    samples: int = 100,
) -> SetReport:
    """Try the claims of `PerturbationSet` on the sets around some centres.

    Args:
        perturbations: the sets, built in or one's own.
        centers: float64, in the sets' own coordinates, at least one row.
        claims: which of `CLAIMS` to try; all by default.
        seed: of the random points.
        samples: random points of every set, and as many of its boundary.

    Raises:
        InvalidInput: for centres that are not a table of finite numbers, fewer than one sample, or an unknown claim.
    """
    centers = np.asarray(centers, np.float64)
    if centers.ndim != 2 or not len(centers) or not np.all(np.isfinite(centers)):
        raise InvalidInput(f"centers of shape {centers.shape}: expected finite rows, shape (n, k)")
    if samples < 1:
        raise InvalidInput(f"samples is {samples}: expected at least 1")
    chosen = CLAIMS if claims is None else tuple(claims)
    unknown = [name for name in chosen if name not in CLAIMS]
    if unknown:
        raise InvalidInput(f"claim {unknown[0]!r}: expected one of {', '.join(CLAIMS)}")
    trial = _Trial(perturbations, centers, seed, samples)
    return SetReport(
        {
            name: _hashability(perturbations) if name == _HASHABLE else _outcome(partial(_EXCESSES[name], trial))
            for name in chosen
        }
    )


@dataclass(frozen=True)
class _Trial:
    """A set with centres and the random points that it is tried on; points have shape (count, n, k)."""

    set: PerturbationSet
    centers: Array
    seed: int
    count: int
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rng", np.random.default_rng(self.seed))

    @cached_property
    def inside(self) -> Array:
        """Samples of the sets and of their boundaries."""
        parts = [self.set.sample(self.centers, self.count, self.rng, part=part) for part in ("cap", "rim")]
        return np.concatenate(parts)

    @cached_property
    def anywhere(self) -> Array:
        """Samples moved away by random vectors of several sizes: as near to the set as to a sample of it, or far."""
        noise = self.rng.standard_normal(self.inside.shape) / math.sqrt(self.inside.shape[-1])
        spreads = np.resize(_SPREADS, len(self.inside))[:, None, None]
        return np.asarray(self.inside + spreads * self.extent[:, None] * noise)

    @cached_property
    def projected(self) -> Array:
        return self.project(self.anywhere)

    @cached_property
    def extent(self) -> Array:
        """How far the samples go from each centre."""
        return np.asarray(np.max(np.linalg.norm(self.inside - self.centers, axis=-1), axis=0))

    @property
    def scale(self) -> Array:
        """The size of the numbers of each row."""
        return np.asarray(np.max(np.abs(self.centers), axis=-1) + self.extent)

    def project(self, points: Array) -> Array:
        return np.stack([np.asarray(self.set.project(each, self.centers)) for each in points])

    def outside(self, points: Array) -> Array:
        """1 for points that the set says it does not contain, shape (count, n)."""
        return np.stack([1.0 - self.set.contains(each, self.centers, tolerance=_ROUNDING) for each in points])


Excess = Callable[[_Trial], Array]


def _hashability(perturbations: PerturbationSet) -> Outcome:
    try:
        hash(perturbations)
    except TypeError as error:
        return Outcome.refuted(str(error), "attacks keep one compiled search for every set")
    return Outcome.proved("hash() works")


def _outcome(excess: Callable[[], Array]) -> Outcome:
    try:
        found = np.atleast_2d(excess())
    except Exception as error:  # whatever a set of one's own raises is a finding about it
        return Outcome.refuted(f"{type(error).__name__}: {error}", "the set raised an error")
    beyond = np.where(np.isnan(found), np.inf, found)  # NaN keeps no promise
    worst = np.max(beyond, axis=0)
    row = int(np.argmax(worst))
    if worst[row] > 0.0:
        return Outcome.refuted(Violation(row, float(worst[row])), "beyond what rounding allows")
    return Outcome.inconclusive(f"held at all {beyond.size:,} points tried")


def _centers_contained(trial: _Trial) -> Array:
    return trial.outside(trial.centers[None])


def _samples_contained(trial: _Trial) -> Array:
    return trial.outside(trial.inside)


def _projections_contained(trial: _Trial) -> Array:
    return trial.outside(trial.projected)


def _projection_idempotent(trial: _Trial) -> Array:
    """What lies in the set stays put: projections, and samples."""
    points = np.concatenate([trial.projected, trial.inside])
    moved = np.linalg.norm(trial.project(points) - points, axis=-1)
    return np.asarray(moved - _ROUNDING * trial.scale)


def _projection_nearest(trial: _Trial) -> Array:
    """Nothing is nearer than the projection: no sample, and no projection of a point on the way to the projection."""
    distance = np.linalg.norm(trial.projected - trial.anywhere, axis=-1)
    others = [np.roll(trial.inside, shift, axis=0) for shift in range(4)]
    others += [trial.project(trial.projected + part * (trial.anywhere - trial.projected)) for part in (0.02, 0.5)]
    nearest = np.min([np.linalg.norm(each - trial.anywhere, axis=-1) for each in others], axis=0)
    return np.asarray(distance - nearest - _ROUNDING * (trial.scale + distance))


def _moves_uphill(trial: _Trial) -> Array:
    """Steps go along their direction: a small step in the first order."""
    directions = trial.rng.standard_normal(trial.inside.shape)
    moved = np.stack([trial.set.move(*pair, 1e-4) for pair in zip(trial.inside, directions, strict=True)])
    gained = np.sum((moved - trial.inside) * directions, axis=-1)
    still = np.linalg.norm(moved - trial.inside, axis=-1) == 0.0
    size = np.linalg.norm(directions, axis=-1) * _ROUNDING * trial.scale
    return np.asarray(np.where(still, trial.extent, -gained - size))


def _embedded_on_sphere(trial: _Trial) -> Array:
    points = trial.set.embed(np.concatenate([trial.inside, trial.projected]))
    return np.asarray(np.abs(np.linalg.norm(points, axis=-1) - 1.0) - _ROUNDING)


def _caps_enclose(trial: _Trial) -> Array:
    """Chords of samples, and of points that climb away from the centre, against the caps."""
    centers, caps = trial.set.enclosing_caps(trial.centers)
    climbed = _climb(trial, centers)
    points = np.asarray(trial.set.embed(np.concatenate([trial.inside, trial.projected, climbed])))
    chords = np.linalg.norm(points - centers, axis=-1)
    excess = [chords - np.array([cap.delta for cap in caps]) - 1e-12]
    if any(cap.bias is not None for cap in caps):
        excess.append(np.abs(points[..., -1] - np.array([cap.height for cap in caps])) - _ROUNDING)
    off = np.max(np.abs(np.asarray(trial.set.embed(trial.centers)) - centers), axis=-1) - _ROUNDING
    return np.concatenate([*excess, off[None]])


def _climb(trial: _Trial, centers: Array) -> Array:
    """Gradient ascent of the chord from the embedded centre, by the set's own moves and projections."""
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):

        def chord(points: Any) -> Any:
            return jnp.sum((trial.set.embed(points, xp=jnp) - centers) ** 2)

        climb = jax.jit(jax.grad(chord))
        points = trial.set.sample(trial.centers, min(trial.count, 10), trial.rng, part="rim")
        found = [points]
        for _ in range(_ASCENT):
            steps = [trial.set.move(each, np.asarray(climb(each)), 0.5) for each in points]
            points = trial.project(np.stack(steps))
            found.append(points)
    return np.concatenate(found)


def _jax_agrees(trial: _Trial, dtype: Any, tolerance: float) -> Array:
    """Projection, moves and the embedding, traced by JAX in that dtype, against NumPy in float64."""
    import jax
    import jax.numpy as jnp

    excess = []
    directions = trial.rng.standard_normal(trial.centers.shape)
    with jax.enable_x64(dtype == np.float64):
        project, move = jax.jit(partial(trial.set.project, xp=jnp)), jax.jit(partial(trial.set.move, xp=jnp))
        embed, centers = jax.jit(partial(trial.set.embed, xp=jnp)), trial.centers.astype(dtype)
        for points in trial.anywhere[:10].astype(dtype):
            pairs = [
                (project(points, centers), trial.set.project(points.astype(float), trial.centers)),
                (move(points, directions.astype(dtype), dtype(0.5)), trial.set.move(points * 1.0, directions, 0.5)),
                (embed(points), trial.set.embed(points.astype(float))),
            ]
            for traced, exact in pairs:
                if traced.dtype != dtype:
                    raise TypeError(f"JAX gives {traced.dtype} for {np.dtype(dtype)} points")
                size = 1.0 + np.max(np.abs(points), axis=-1) + trial.scale
                gap = np.max(np.abs(np.asarray(traced, float) - exact), axis=-1)
                excess.append(gap - tolerance * size)
    return np.stack(excess)


def _gradients_finite(trial: _Trial) -> Array:
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        total = jax.jit(jax.grad(lambda points: jnp.sum(trial.set.embed(points, xp=jnp))))
        gradients = total(trial.inside)
    return np.where(np.all(np.isfinite(gradients), axis=-1), -1.0, 1.0)


_EXCESSES: Mapping[str, Excess] = {
    "centres are contained": _centers_contained,
    "samples are contained": _samples_contained,
    "projections are contained": _projections_contained,
    "projection leaves contained points": _projection_idempotent,
    "projections are nearest": _projection_nearest,
    "moves go uphill": _moves_uphill,
    "embedded points lie on the sphere": _embedded_on_sphere,
    "enclosing caps hold the embedded set": _caps_enclose,
    "JAX agrees in float64": partial(_jax_agrees, dtype=np.float64, tolerance=_ROUNDING),
    "JAX agrees in float32": partial(_jax_agrees, dtype=np.float32, tolerance=_SINGLE),
    "the embedding is differentiable": _gradients_finite,
}

_HASHABLE = "it is hashable"
CLAIMS = (_HASHABLE, *_EXCESSES)

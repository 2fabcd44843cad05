"""A Monte-Carlo band around the infinite-width curve: how far networks of a finite width stray from it.

Of S networks drawn like the one in question the largest distances from the curve over the first H steps are ``d_1, ...,
d_S``. If the new network is *exchangeable* with them, every order of the S + 1 distances is equally likely, so that the
new one is at most ``max_k d_k`` with probability S / (S + 1) at least, over all draws (exactly that without ties). The
band ``curve +- max_k d_k`` therefore holds the new curve at *all* of the H steps with that probability. H must not
depend on the new network; a run that is shorter is inside the more often.

Where the networks of the band are narrower, m' < m, their distances are multiplied by ``sqrt(m' / m)``. That supposes
that the deviation is proportional to ``1 / sqrt(m)`` from m' on, which is measured (``benchmarks/deviation.py``), not
proved: such a band is an extrapolation, and its coverage is exact for the width m' only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import Activation, InvalidInput, Loss
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import Adversary
from ..sets.protocol import PerturbationSet
from ..training.many_seeds import train_many
from .infinite_width import InfiniteWidthRun

Array = NDArray[np.float64]
# The widest networks that a band is drawn from, unless asked otherwise.
_BAND_WIDTH = 256


class Place(StrEnum):
    """Where a curve lies."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    NO_BAND = "no band"


@dataclass(frozen=True)
class Band:
    """The band of networks of width ``width`` around an infinite-width curve, for networks of width ``target_width``.

    ``distances[k]`` is the largest distance of run k from the curve over ``steps`` steps, at its own width.
    """

    width: int
    target_width: int
    steps: int
    distances: Float[Array, " runs"]

    @property
    def runs(self) -> int:
        """The number S of networks."""
        return len(self.distances)

    @property
    def coverage(self) -> float:
        """S / (S + 1), the probability with which a network of the band's own width stays inside."""
        return self.runs / (self.runs + 1)

    @property
    def is_extrapolated(self) -> bool:
        """Whether the distances were carried over to another width as ``1 / sqrt(m)``."""
        return self.width != self.target_width

    @property
    def bound(self) -> float:
        """Half the height of the band, at the target width."""
        return float(np.max(self.distances) * np.sqrt(self.width / self.target_width))

    def deviation(self, curve: Float[Array, " t"], limit: Float[Array, " t_limit"]) -> float:
        """The largest distance over the steps that the band is about."""
        return largest_distance(curve[: self.steps], limit)

    def place(self, curve: Float[Array, " t"], limit: Float[Array, " t_limit"]) -> Place:
        """Whether a curve stays in the band at all of its steps; a curve with a NaN does not."""
        return Place.INSIDE if self.deviation(curve, limit) <= self.bound else Place.OUTSIDE

    def to_json(self) -> dict[str, Any]:
        """The ``predicted.band`` object of the JSON contract."""
        return {
            "runs": self.runs,
            "width": self.width,
            "coverage": self.coverage,
            "bound": self.bound,
            "steps": self.steps,
            "extrapolated": self.is_extrapolated,
        }


def largest_distance(curve: Float[Array, " t"], limit: Float[Array, " t_limit"]) -> float:
    """Over the steps that both curves have."""
    common = min(len(curve), len(limit))
    return float(np.max(np.abs(curve[:common] - limit[:common])))


def monte_carlo_band(
    limit: InfiniteWidthRun,
    activation: Activation,
    loss: Loss,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    adversary: Adversary,
    *,
    width: int,
    runs: int,
    seeds: Sequence[int],
    dimension: int,
    step_size: float,
    radius: float,
    row_radius: float | None = None,
    dtype: DTypeLike = np.float64,
    band_width: int | None = None,
    progress: Callable[[int, int, int], None] | None = None,
) -> Band:
    """Train S networks of other seeds over the horizon of the infinite-width run, and measure how far they stray.

    Args:
        limit: the infinite-width run; its ``horizon`` is H.
        activation, loss, X, y, perturbations, adversary, step_size, radius, row_radius, dtype: as for the run.
        width: m, of the network that the band is for.
        runs: S, at least 1.
        seeds: S seeds, none of them that of the run.
        dimension: d, of the sphere.
        band_width: m' <= m; by default m, or 256 where that is less.
        progress: called with (networks that are done, networks, steps of those in training).

    Raises:
        InvalidInput: a number of runs below 1 or unlike that of the seeds, or a band width that is not even and in
            [2, m].
    """
    narrow = min(width, _BAND_WIDTH) if band_width is None else band_width
    if runs < 1 or len(seeds) != runs:
        raise InvalidInput(f"runs is {runs} with {len(seeds)} seeds: expected at least 1, and one seed for each")
    if not 2 <= narrow <= width:
        raise InvalidInput(f"band_width is {narrow}: expected an even number from 2 to the width {width}")
    starts = [SymmetricInitialisation(narrow, dimension, int(seed), dtype) for seed in seeds]
    found = train_many(
        starts,
        activation,
        loss,
        X,
        y,
        perturbations,
        adversary,
        step_size=step_size,
        iterations=limit.horizon,
        radius=radius,
        row_radius=row_radius,
        dtype=dtype,
        progress=progress,
    )
    distances = np.array([largest_distance(run.surrogate_losses, limit.surrogate_losses) for run in found])
    return Band(narrow, width, limit.horizon, distances)


def band_seeds(network_seed: int, runs: int) -> list[int]:
    """Seeds for the networks of a band, the same for the same run, and none of them its own."""
    state = np.random.SeedSequence([network_seed, runs]).generate_state(runs, np.uint64)
    return [int(seed) for seed in state]

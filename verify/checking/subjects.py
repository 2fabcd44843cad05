"""Random functions with points and perturbation sets, for putting certificates to the test.

A *family* shares activation, width, dimension, perturbation set and dtype, so that attacks are compiled once for all
its members; a member has its own weights, data and signs. Both are functions of their seeds. Among the members are
networks at which the estimates behind certificates are nearly equalities: one pair, preactivations where a derivative
is largest, moves along the centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, get_activation
from ...kernels import SymmetricInitialisation, dual_kernel
from ..data import embed
from ..predictors import KernelPredictor, TwoLayerNetwork
from ..sets.cap import SphericalCap
from ..sets.pixel_ball import PixelBall
from ..sets.protocol import PerturbationSet
from .data_case import ARRANGEMENTS, DataCase
from .moves import LEVELS, SHAPES, Move, level_of
from .strategies import SCALES, activation_names

Array = NDArray[np.float64]
ROWS = 4
WIDTHS = (2, 4, 16, 64, 256, 1024, 4096, 10000)
DIMENSIONS = (3, 4, 5, 9, 17, 33, 65, 100)


@dataclass(frozen=True, eq=False)
class Subject:
    """A function, the centres of perturbation sets, and the signs s of the margins ``s f(x')``.

    ``initial`` is the ``W_0`` of a network; ``name`` says how to draw it again.
    """

    name: str
    function: KernelPredictor | TwoLayerNetwork
    centers: Float[Array, "n k"]
    signs: Float[Array, " n"]
    perturbations: PerturbationSet
    initial: Float[NDArray[Any], "m d"] | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the weights; kernel functions are float64."""
        return self.function.dtype


@dataclass(frozen=True)
class Family:
    """What several subjects have in common; drawn by `family`."""

    seed: int
    activation: Activation
    width: int | None
    dimension: int
    perturbations: PerturbationSet
    dtype: Any

    @property
    def is_cap(self) -> bool:
        return isinstance(self.perturbations, SphericalCap)

    def member(self, number: int) -> Subject:
        """A subject of the family; the same for the same number."""
        rng = np.random.default_rng([self.seed, number, 31])
        centers = self._centers(rng)
        points = np.asarray(self.perturbations.embed(centers))
        signs = rng.choice([-1.0, 1.0], ROWS)
        name = f"family({self.seed}).member({number})"
        if self.width is None:
            return Subject(name, self._kernel_function(points, rng), centers, signs, self.perturbations)
        initial, weights = self._weights(points[0], rng)
        network = TwoLayerNetwork(weights, np.repeat([1.0, -1.0], self.width // 2), self.activation)
        return Subject(name, network, centers, signs, self.perturbations, initial)

    def _centers(self, rng: np.random.Generator) -> Array:
        """Centres of several arrangements; rows of features with entries of order 1 for pixel balls."""
        if not isinstance(self.perturbations, SphericalCap):
            return np.asarray(rng.random((ROWS, self.dimension - 1)) + 0.1)
        arrangement = ARRANGEMENTS[rng.integers(len(ARRANGEMENTS))]
        gap, bias = float(10.0 ** rng.uniform(-8.0, 0.0)), float(self.perturbations.bias or 0.0)
        return DataCase(ROWS, self.dimension, bias, 0.1, arrangement, gap, int(rng.integers(2**31))).X

    def _kernel_function(self, points: Array, rng: np.random.Generator) -> KernelPredictor:
        """One centre or many, at the data or anywhere: with one, nothing averages out."""
        count = int(rng.choice([1, 2, 3, 8, 24]))
        bias = float(getattr(self.perturbations, "bias", 0.5) or 0.0)
        anywhere = embed(rng.standard_normal((count, self.dimension - 1)), bias=bias)
        pools = [anywhere, np.concatenate([points, anywhere]), points[: 1 + int(rng.integers(ROWS))]]
        pool = pools[rng.integers(3)]
        coefficients = rng.standard_normal(len(pool)) * 10.0 ** rng.uniform(-2.0, 2.0)
        return KernelPredictor(dual_kernel(self.activation), pool, coefficients)

    def _weights(self, point: Array, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """``W_0`` and W: Gaussian or extremal starts, tied or untied moves of any length."""
        assert self.width is not None
        pairs, seed = self.width // 2, int(rng.integers(2**31))
        rows = SymmetricInitialisation(self.width, self.dimension, seed).half_weights
        if rng.random() < 0.4:
            along = level_of(self.activation, LEVELS[rng.integers(len(LEVELS))])
            across = rows - np.outer(rows @ point, point)
            rows = along * point + float(rng.choice([0.0, 0.3, 1.0])) * across
        half = rows.astype(self.dtype)
        initial = np.concatenate([half, half])
        radius = float(10.0 ** rng.uniform(-2.0, 1.0))
        move = Move(SHAPES[rng.integers(len(SHAPES))], float(rng.choice([1.0, -1.0])), seed)
        moved = initial.astype(np.float64) + move.displacement(pairs, point, radius)
        return initial, moved.astype(self.dtype)


def family(seed: int, *, dtypes: tuple[Any, ...] = (np.float32, np.float64)) -> Family:
    """A random family: kernel functions or networks of widths 2 to 10^4 in 3 to 100 dimensions."""
    rng = np.random.default_rng([seed, 30])
    kernel = rng.random() < 0.25
    width = None if kernel else int(rng.choice(WIDTHS, p=_falling(len(WIDTHS))))
    dimension = int(rng.choice(DIMENSIONS, p=_falling(len(DIMENSIONS))))
    names = activation_names()
    activation = get_activation(names[rng.integers(len(names))], SCALES[rng.integers(len(SCALES))])
    dtype = np.float64 if kernel else dtypes[rng.integers(len(dtypes))]
    return Family(seed, activation, width, dimension, _perturbations(rng), dtype)


def _falling(count: int) -> Array:
    """Probabilities that fall by a quarter from one to the next: large subjects are costly."""
    weights = 0.75 ** np.arange(count)
    return np.asarray(weights / weights.sum())


def _perturbations(rng: np.random.Generator) -> PerturbationSet:
    bias = float(rng.choice([0.5, 0.0, 0.9]))
    if rng.random() < 0.2:
        return PixelBall(float(10.0 ** rng.uniform(-3.0, -1.0)), ("linf", "l2")[rng.integers(2)], bias)
    angle = float(10.0 ** rng.uniform(-3.0, 0.1))
    return SphericalCap(2.0 * float(np.sqrt(1.0 - bias**2)) * float(np.sin(angle / 2.0)), bias)

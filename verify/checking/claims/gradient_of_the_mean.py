"""The gradient of the mean loss and quadratic forms over the cube: theory E11, E11.a, E11.c."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ....bounds import Activation, get_activation
from ....kernels import SymmetricInitialisation, numeric
from ...certificates.cube_form import largest_over_cube
from ...planning.mean_gradient import MeanGradient, mean_gradient
from ..claim import UNIT, Sides, claim
from ..data_case import DataCase
from ..moves import SHAPES, Move
from ..strategies import SCALES, activation_names, data_cases, moves, require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class MeanGradientCase:
    """Data, a drawn ``W_0``, weights of ``B(R)`` and slopes ``p`` in the cube: all 1, one point's, or random."""

    activation: str = "erf"
    scale: str = "1"
    pairs: int = 2
    data: DataCase = DataCase()
    radius: float = 1.0
    move: Move = Move()
    slopes: str = "all"
    seed: int = 0

    @cached_property
    def sigma(self) -> Activation:
        return get_activation(self.activation, self.scale)

    @cached_property
    def start(self) -> SymmetricInitialisation:
        return SymmetricInitialisation(2 * self.pairs, self.data.dimension, self.seed)

    @cached_property
    def bound(self) -> MeanGradient:
        """The parts of ``G_D``, from the library."""
        return mean_gradient(self.start, self.sigma, self.data.X, self.data.y, self.data.cap)

    @cached_property
    def perturbed(self) -> np.ndarray:
        """Points of the caps, shape (count, n, d): rims, interiors, and the centres themselves."""
        rng = np.random.default_rng([self.seed, 14])
        cap, X = self.data.cap, self.data.X
        return np.asarray(np.concatenate([cap.sample(X, 6, rng, part="rim"), cap.sample(X, 2, rng), X[None]]))

    @property
    def proportions(self) -> np.ndarray:
        """p."""
        count = self.data.samples
        if self.slopes == "one":
            return np.asarray(np.eye(count)[0])
        return np.ones(count) if self.slopes == "all" else np.random.default_rng([self.seed, 15]).random(count)

    def gradients(self, weights: np.ndarray, points: np.ndarray) -> np.ndarray:
        """grad_W f at points of shape (..., d), flattened: shape (..., m d)."""
        active = numeric(self.sigma, 1)(points @ weights.T) * self.start.signs / np.sqrt(self.start.width)
        return np.asarray((active[..., :, None] * points[..., None, :]).reshape(*points.shape[:-1], -1))

    @property
    def rounding(self) -> float:
        """Sums of m d terms, preactivations of d terms through sigma'."""
        terms = self.start.width + 4.0 * self.data.dimension + 64.0
        steep = float(np.max(np.abs(self.start.half_weights))) * float(self.sigma.scale) ** 2 * self.data.dimension
        largest = float(np.max(np.linalg.norm(self.gradients(self.start.weights, self.data.X), axis=-1)))
        return 16.0 * terms * UNIT * (largest + steep + float(self.sigma.scale))


def mean_gradient_cases() -> SearchStrategy[MeanGradientCase]:
    """Small networks, labelled data and slopes."""
    st = require_hypothesis()
    return st.builds(  # type: ignore[no-any-return]
        MeanGradientCase,
        activation=st.sampled_from(activation_names()),
        scale=st.sampled_from(SCALES),
        pairs=st.sampled_from([1, 2, 8, 32]),
        data=data_cases(samples=(1, 5), largest_angle=0.8),
        radius=st.sampled_from([0.1, 1e-3, 1.0]),
        move=moves(shapes=SHAPES),
        slopes=st.sampled_from(["one", "all", "random"]),
        seed=seeds(),
    )


@claim("E11", "|g_t|/L <= G_D for every adversary and every W of B(R)", mean_gradient_cases)
def gradient_of_the_mean(case: MeanGradientCase) -> Sides:
    moved = case.start.weights + case.move.displacement(case.pairs, case.data.X[0], case.radius)
    weighted = (case.proportions * case.data.y)[None, :, None] * case.gradients(moved, case.perturbed)
    norms = np.linalg.norm(np.mean(weighted, axis=1), axis=-1)
    return Sides(norms, case.bound.bound(case.radius), case.rounding)


@claim(
    "E11.a",
    "|grad f(W_0,x') - grad f(W_0,x)| <= sqrt(E^2 + delta^2 S (S + E)) for |x' - x| <= delta",
    mean_gradient_cases,
)
def perturbed_gradients(case: MeanGradientCase) -> Sides:
    start = case.start.weights
    change = case.gradients(start, case.perturbed) - case.gradients(start, case.data.X)[None]
    return Sides(np.max(np.linalg.norm(change, axis=-1), axis=0), case.bound.moduli, 2.0 * case.rounding)


@dataclass(frozen=True)
class CubeCase:
    """A symmetric matrix M: of rank one, diagonal, signed, or random."""

    shape: str = "random"
    size: int = 2
    seed: int = 0

    @property
    def matrix(self) -> np.ndarray:
        drawn = np.random.default_rng([self.seed, 16]).standard_normal((self.size, self.size))
        if self.shape == "rank one":
            return np.outer(drawn[0], drawn[0])
        if self.shape == "diagonal":
            return np.diag(drawn[0])
        return drawn @ drawn.T if self.shape == "definite" else (drawn + drawn.T) / 2.0


def cube_cases() -> SearchStrategy[CubeCase]:
    """Small symmetric matrices."""
    st = require_hypothesis()
    shapes = st.sampled_from(["random", "rank one", "diagonal", "definite"])
    return st.builds(CubeCase, shapes, st.integers(1, 8), seeds())  # type: ignore[no-any-return]


@claim("E11.c", "p'Mp <= largest_over_cube(M) for p in the cube", cube_cases)
def over_the_cube(case: CubeCase) -> Sides:
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * case.size)).reshape(case.size, -1).T
    forms = np.einsum("ki,ij,kj->k", corners, case.matrix, corners)
    rounding = 4.0 * case.size**2 * UNIT * float(np.sum(np.abs(case.matrix)))
    return Sides(float(np.max(forms)), max(largest_over_cube(case.matrix), 0.0), rounding)


CLAIMS = (gradient_of_the_mean, perturbed_gradients, over_the_cube)

"""The remainder of a mirrored pair: theory E2.c, as numbers and as `certify_network` sums it; and E4.a."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ....bounds import Activation, existence, get_activation
from ....bounds.letters import beta, gamma, m
from ....kernels import SymmetricInitialisation, empirical_gram, numeric
from ...planning.comparator import FiniteWidthSpace
from ..claim import UNIT, Sides, claim
from ..data_case import DataCase
from ..evaluation import at, curvature_lipschitz, slope_lipschitz
from ..moves import LEVELS, level_of
from ..strategies import SCALES, activation_names, data_cases, require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class PairCase:
    """Numbers ``z`` (see `moves.level_of`), ``q`` and ``t`` of theory E2.c."""

    activation: str = "erf"
    scale: str = "1"
    level: str | float = "bend"
    q: float = 0.0
    t: float = 0.1

    @cached_property
    def sigma(self) -> Activation:
        return get_activation(self.activation, self.scale)


def pair_cases(*, smooth: bool) -> SearchStrategy[PairCase]:
    """Pairs for which E2.c is used: smooth activations, or the quadratic ReLU."""
    st = require_hypothesis()
    numbers = st.one_of(st.sampled_from([0.1, 0.0, -0.1, 1.0]), st.floats(-3.0, 3.0))
    return st.builds(  # type: ignore[no-any-return]
        PairCase,
        activation=st.sampled_from(activation_names(smooth=True) if smooth else ["quadratic_relu"]),
        scale=st.sampled_from(SCALES),
        level=st.one_of(st.sampled_from(LEVELS), numbers),
        q=numbers,
        t=numbers,
    )


def _pair(case: PairCase) -> tuple[float, float, float]:
    """|sigma(y+t) - sigma(y-t) - 2 sigma'(z) t|, its rounding, and y."""
    sigma, slope = numeric(case.sigma, 0), numeric(case.sigma, 1)
    z = level_of(case.sigma, case.level)
    y = z + case.q
    parts = np.array([sigma(y + case.t), -sigma(y - case.t), -2.0 * slope(z) * case.t], float)
    steep = float(np.max(np.abs(slope(np.array([y + case.t, y - case.t, z])))))
    sizes = 1.0 + abs(z) + abs(case.q) + abs(case.t)
    rounding = 32.0 * UNIT * (float(np.sum(np.abs(parts))) + steep * sizes + float(case.sigma.scale) ** 2)
    return abs(float(np.sum(parts))), rounding, y


@claim(
    "E2.c",
    "|sigma(y+t) - sigma(y-t) - 2 sigma'(z) t| <= 2 beta |tq| + gamma |t|^3/3, y = z + q",
    partial(pair_cases, smooth=True),
)
def smooth_pair(case: PairCase) -> Sides:
    size, rounding, _ = _pair(case)
    mixed = 2.0 * slope_lipschitz(case.sigma) * abs(case.t * case.q)
    return Sides(size, mixed + curvature_lipschitz(case.sigma) * abs(case.t) ** 3 / 3.0, rounding)


@claim(
    "E2.c/quadratic relu",
    "|sigma(y+t) - sigma(y-t) - 2 sigma'(z) t| <= 2 beta |tq| + (beta/2) (|t| - |y|)_+^2, y = z + q",
    partial(pair_cases, smooth=False),
)
def kinked_pair(case: PairCase) -> Sides:
    size, rounding, y = _pair(case)
    steep = slope_lipschitz(case.sigma)
    switching = steep / 2.0 * max(abs(case.t) - abs(y), 0.0) ** 2
    return Sides(size, 2.0 * steep * abs(case.t * case.q) + switching, rounding)


@dataclass(frozen=True)
class RealisationCase:
    """``W^c = W_0 + sum_j c_j grad f(W_0, z_j)`` with the data as z and ``size`` times the labels as c."""

    activation: str = "erf"
    scale: str = "1"
    pairs: int = 1
    size: float = 1.0
    data: DataCase = DataCase()
    seed: int = 0

    @cached_property
    def space(self) -> FiniteWidthSpace:
        start = SymmetricInitialisation(2 * self.pairs, self.data.dimension, self.seed)
        return FiniteWidthSpace(start, get_activation(self.activation, self.scale))

    @property
    def coefficients(self) -> np.ndarray:
        return self.size * self.data.y

    @cached_property
    def norm_squared(self) -> float:
        """``c' K_m c``."""
        return float(self.coefficients @ self.space.gram(self.data.X, self.data.X) @ self.coefficients)

    def deviation(self) -> tuple[np.ndarray, float]:
        """``|f(W^c, x) - sum_j c_j K_m(x, z_j)|`` at the data and at random points, and its rounding."""
        start, sigma = self.space.initialisation, self.space.activation
        rng = np.random.default_rng([self.seed, 11])
        points = np.concatenate([self.data.X, self.data.cap.sample(self.data.X[:1], 8, rng)[:, 0]])
        moved = self.space.moves(self.data.X, self.coefficients).displacement
        inputs = (start.weights + moved) @ points.T
        values = start.signs @ numeric(sigma, 0)(inputs) / np.sqrt(start.width)
        linear = empirical_gram(start, sigma, points, self.data.X) @ self.coefficients
        sizes = np.sum(np.abs(numeric(sigma, 0)(inputs)), axis=0) / np.sqrt(start.width)
        steep = np.max(np.abs(numeric(sigma, 1)(inputs))) * np.sqrt(start.width) * np.max(np.abs(start.weights))
        terms = start.width + self.data.dimension + self.data.samples + 16
        scale = float(np.max(sizes) + steep * self.data.dimension + np.sum(np.abs(self.coefficients)) * self.largest)
        return np.abs(values - linear), 16.0 * terms * UNIT * scale

    @property
    def largest(self) -> float:
        return float(np.max(np.diag(self.space.gram(self.data.X, self.data.X))))


def realisation_cases(*, smooth: bool = False) -> SearchStrategy[RealisationCase]:
    """Functions of small finite-width spaces."""
    st = require_hypothesis()
    return st.builds(  # type: ignore[no-any-return]
        RealisationCase,
        activation=st.sampled_from(activation_names(smooth=smooth)),
        scale=st.sampled_from(SCALES),
        pairs=st.integers(1, 8),
        size=st.one_of(st.sampled_from([1.0, 0.1, 10.0]), st.floats(0.01, 30.0)),
        data=data_cases(),
        seed=seeds(),
    )


@claim("E4.a/norm", "|W^c - W_0|^2 = c' K_m(Z,Z) c", realisation_cases)
def realised_norm(case: RealisationCase) -> Sides:
    moves = case.space.moves(case.data.X, case.coefficients)
    squared = float(np.sum(moves.displacement**2))
    terms = 2 * case.pairs + case.data.dimension + case.data.samples + 16
    rounding = 16.0 * terms * UNIT * float(np.sum(np.abs(case.coefficients))) ** 2 * case.largest
    both = np.array([squared, case.norm_squared])
    return Sides(both, both[::-1], rounding)


_NOT_TIGHT = "W^c moves pairs antisymmetrically, so that the even terms that E1.a pays for cancel"


@claim("E4.a", "|f(W^c,x) - sum_j c_j K_m(x,z_j)| <= beta/(2 sqrt(m)) c' K_m c", realisation_cases, slack=_NOT_TIGHT)
def realised(case: RealisationCase) -> Sides:
    found, rounding = case.deviation()
    values = {beta: slope_lipschitz(case.space.activation), m: 2 * case.pairs, existence.Q: case.norm_squared}
    return Sides(found, float(at(existence.REALISATION, values)), rounding)


@claim(
    "E4.a/paired",
    "|f(W^c,x) - sum_j c_j K_m(x,z_j)| <= gamma V/(6m) c' K_m c, V the largest |v(w_r)|",
    partial(realisation_cases, smooth=True),
)
def realised_in_pairs(case: RealisationCase) -> Sides:
    found, rounding = case.deviation()
    values: dict[Any, float] = {gamma: curvature_lipschitz(case.space.activation), m: 2 * case.pairs}
    values |= {existence.Q: case.norm_squared, existence.V: case.space.moves(case.data.X, case.coefficients).row_radius}
    return Sides(found, float(at(existence.PAIRED_REALISATION, values)), rounding)


CLAIMS = (smooth_pair, kinked_pair, realised_norm, realised, realised_in_pairs)

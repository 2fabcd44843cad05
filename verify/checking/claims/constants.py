"""The constants of activations and losses as suprema: theory section 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ....bounds import Activation, Loss, get_activation, get_loss, hinge, huber, squared_hinge
from ....kernels import numeric
from ...certificates.losses import certified_loss, needs_upper_margins
from ..claim import UNIT, Sides, claim
from ..evaluation import constant, curvature_lipschitz, slope_bound, slope_lipschitz
from ..moves import LEVELS, level_of
from ..strategies import SCALES, activation_names, require_hypothesis

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_BUILD = {"hinge": hinge, "squared_hinge": squared_hinge, "huber": huber}
_ERROR = 16.0 * UNIT  # of sigma and its derivatives and of the losses, relative to their largest intermediate result


@dataclass(frozen=True)
class PreactivationCase:
    """Two preactivations ``z`` (see `moves.level_of`) and ``z + step``."""

    activation: str = "erf"
    scale: str = "1"
    level: str | float = "curvature"
    step: float = 0.1

    @cached_property
    def sigma(self) -> Activation:
        return get_activation(self.activation, self.scale)

    @property
    def ends(self) -> np.ndarray:
        start = level_of(self.sigma, self.level)
        return np.array([start, start + self.step])

    def difference(self, order: int) -> tuple[float, float]:
        """The absolute difference of the derivative of that order, and its rounding."""
        first, second = numeric(self.sigma, order)(self.ends)
        steep = 4.0 * UNIT * (1.0 + float(np.max(np.abs(self.ends))))
        rounding = _ERROR * (1.0 + abs(first) + abs(second)) * float(self.sigma.scale) ** order
        return abs(float(second - first)), rounding + steep * float(self.sigma.scale) ** (order + 1)


def preactivation_cases(*, smooth: bool = False, bounded: bool = False) -> SearchStrategy[PreactivationCase]:
    """Preactivations, among them those at which a derivative is largest, and steps of all sizes."""
    st = require_hypothesis()
    return st.builds(  # type: ignore[no-any-return]
        PreactivationCase,
        activation=st.sampled_from(activation_names(smooth=smooth, bounded=bounded)),
        scale=st.sampled_from(SCALES),
        level=st.one_of(st.sampled_from(LEVELS), st.floats(-8.0, 8.0)),
        step=st.one_of(st.sampled_from([0.1, 0.01, -0.1, 1e-6]), st.floats(-10.0, 10.0)),
    )


def _with_slope_bound() -> SearchStrategy[PreactivationCase]:
    return preactivation_cases(bounded=True)


def _with_smooth_curvature() -> SearchStrategy[PreactivationCase]:
    return preactivation_cases(smooth=True)


@claim("section 0/B_1", "|sigma'(z)| <= B_1", _with_slope_bound)
def slopes(case: PreactivationCase) -> Sides:
    values = np.abs(numeric(case.sigma, 1)(case.ends))
    return Sides(values, slope_bound(case.sigma), _ERROR * float(case.sigma.scale) * (1.0 + np.abs(case.ends)))


@claim("section 0/beta", "|sigma'(z) - sigma'(y)| <= beta |z - y|", preactivation_cases)
def curvatures(case: PreactivationCase) -> Sides:
    difference, rounding = case.difference(1)
    return Sides(difference, slope_lipschitz(case.sigma) * abs(float(np.diff(case.ends)[0])), rounding)


@claim("section 0/gamma", "|sigma''(z) - sigma''(y)| <= gamma |z - y|", _with_smooth_curvature)
def bends(case: PreactivationCase) -> Sides:
    difference, rounding = case.difference(2)
    return Sides(difference, curvature_lipschitz(case.sigma) * abs(float(np.diff(case.ends)[0])), rounding)


@dataclass(frozen=True)
class LossCase:
    """Predictions ``first`` and ``second`` with the label ``y``; ``parameter`` is the loss's margin or kappa."""

    loss: str = "hinge"
    parameter: str | None = "1"
    first: float = 0.0
    second: float = 1.0
    y: int = 1

    @cached_property
    def function(self) -> Loss:
        return get_loss(self.loss) if self.parameter is None else _BUILD[self.loss](self.parameter)

    def value(self, prediction: float) -> float:
        return float(self.function.value(prediction, float(self.y)))

    def slope(self, prediction: float) -> float:
        return float(self.function.slope(prediction, float(self.y)))

    @property
    def size(self) -> float:
        """What roundings are relative to."""
        return 1.0 + abs(self.first) + abs(self.second) + self.value(self.first) + self.value(self.second)


@lru_cache(maxsize=4)
def _known_losses(lipschitz: bool, smooth: bool) -> list[tuple[str, str | None]]:
    """Names and parameters of losses with the constants asked for."""
    known: list[tuple[str, str | None]] = [("absolute", None), ("logistic", None)]
    known += [(name, value) for name in ("hinge", "squared_hinge") for value in ("1", "1/2", "1/10")]
    known += [("huber", value) for value in ("1", "1/2", "3")]
    made = [(chosen, LossCase(*chosen).function) for chosen in known]
    made = [each for each in made if not (lipschitz and each[1].lipschitz is None)]
    return [chosen for chosen, loss in made if not (smooth and loss.smoothness is None)]


def loss_cases(*, lipschitz: bool = False, smooth: bool = False) -> SearchStrategy[LossCase]:
    """Losses with the constants asked for, at predictions of all sizes."""
    st = require_hypothesis()

    @st.composite  # type: ignore[untyped-decorator]
    def case(draw: Any) -> LossCase:
        name, parameter = draw(st.sampled_from(_known_losses(lipschitz, smooth)))
        prediction = st.one_of(st.sampled_from([0.0, 1.0, -1.0, -3.0]), st.floats(-20.0, 20.0))
        return LossCase(name, parameter, draw(prediction), draw(prediction), draw(st.sampled_from([1, -1])))

    return case()  # type: ignore[no-any-return]


def _lipschitz_losses() -> SearchStrategy[LossCase]:
    return loss_cases(lipschitz=True)


def _smooth_losses() -> SearchStrategy[LossCase]:
    return loss_cases(smooth=True)


@claim("section 0/L", "|l(f,y) - l(g,y)| <= L |f - g|", _lipschitz_losses)
def steepest(case: LossCase) -> Sides:
    bound = constant(case.function.lipschitz) * abs(case.first - case.second)
    return Sides(abs(case.value(case.first) - case.value(case.second)), bound, _ERROR * case.size)


@claim("section 0/H", "|l'(f,y)|^2 <= 2 H l(f,y)", _smooth_losses)
def self_bounded(case: LossCase) -> Sides:
    predictions = (case.first, case.second)
    squares = np.array([case.slope(prediction) ** 2 for prediction in predictions])
    bounds = 2.0 * constant(case.function.smoothness) * np.array([case.value(each) for each in predictions])
    return Sides(squares, bounds, 4.0 * _ERROR * (bounds + squares))


@claim("section 0/convex", "l(f,y) + l'(f,y)(g - f) <= l(g,y)", loss_cases)
def convex(case: LossCase) -> Sides:
    tangent = case.value(case.first) + case.slope(case.first) * (case.second - case.first)
    scale = case.size * (1.0 + abs(case.slope(case.first)))
    return Sides(tangent, case.value(case.second), _ERROR * scale)


@claim("section 0/misclassified", "y f <= 0 costs at least the least loss of a misclassified point", loss_cases)
def misclassified(case: LossCase) -> Sides:
    wrong = -case.y * abs(case.first)
    return Sides(constant(case.function.misclassification_loss), case.value(wrong), _ERROR * (1.0 + abs(wrong)) ** 2)


@claim(
    "E4.b/range", "on a range of y f a convex loss is largest at an end (section 4, robust loss of a range)", loss_cases
)
def of_a_range(case: LossCase) -> Sides:
    lower, upper = np.array([min(case.first, case.second)]), np.array([max(case.first, case.second)])
    inside = np.linspace(lower[0], upper[0], 9)
    largest = float(np.max(case.function.value(inside * case.y, np.full(9, float(case.y)))))
    bound = certified_loss(case.function, lower, upper if needs_upper_margins(case.function) else None)
    return Sides(largest, bound, _ERROR * case.size)


CLAIMS = (slopes, curvatures, bends, steepest, self_bounded, convex, misclassified, of_a_range)

"""How far from ``W_0`` training should go: the margin tau of the hinge loss where it is free, and E8's stretch.

For the robust error only signs count. With mu = k tau, ``p = r / mu`` the part of the comparator's margin that the
remainder takes, and R_1 its norm per unit of margin, E8 asks for

    T = (1 + epsilon)^2 / (4 epsilon) R_1^2 G^2 / ((1 - p - 1/k) (1 - p + epsilon/k)),

and p falls with tau: any width has room for a small enough tau. Numbers here are estimates in floating point. What they
suggest is certified and planned for afterwards, in exact arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import sympy

from ...bounds import Target
from ...bounds.curvature import FULL_CURVATURE, TIED_CURVATURE, Network
from ...bounds.letters import C, G, R, alpha, beta, epsilon, gamma, m, mu, rho, tau
from ...bounds.margins import GAIN, GAIN_OF_ERRORS, STEP_SIZE, STEP_SIZE_OF_ERRORS, STRETCH, STRETCH_TIED
from .comparator import LeastMove

# At tau itself the remainder takes this part of the margin: with the best stretch T is then 5 per cent above its limit.
_PART = 1 / 2500
# Training in float64 resolves margins far below this one.
LEAST_MARGIN = Fraction(1, 10**6)
_STRETCHES = [float(stretch) for stretch in np.geomspace(1.0, 256.0, 161)]


@dataclass(frozen=True)
class Prospect:
    """What a comparator at a drawn network costs, by its margin mu.

    ``radius`` is its norm per unit of margin, ``bending`` the curvature C of the ball for margin 1, ``slope`` is G for
    a ball of radius 0 and ``growth`` what G gains with the radius.
    """

    network: Network
    radius: float
    bending: float
    slope: float
    growth: float

    @classmethod
    def of(cls, move: LeastMove, network: Network) -> Prospect:
        """For an activation that has the constants which the network's curvature asks for."""
        activation, width = move.space.activation, move.space.initialisation.width
        stretch = move.radius / move.solution.norm
        if network is Network.TIED:
            values = {gamma: activation.curvature_lipschitz, rho: stretch * move.moves.row_radius}
            bending = TIED_CURVATURE.subs({**values, m: width})
        else:
            bending = FULL_CURVATURE.subs({beta: activation.derivative_lipschitz, m: width})
        return cls(network, move.radius, float(bending), *move.space.gradient_bound)

    def curvature(self, margin: float) -> float:
        """C on the ball of a comparator of that margin; for tied networks it grows with the longest row."""
        return self.bending * (margin if self.network is Network.TIED else 1.0)

    def iterations(
        self, target: Target, target_epsilon: float, *, loss_margin: float, margin: float, share: float
    ) -> float:
        """T by E8, infinite where it does not apply; near-linearity may have that share of what there is."""
        radius, curvature = margin * self.radius, self.curvature(margin)
        budget = target_epsilon * loss_margin if target is Target.ROBUST_ERROR else target_epsilon
        if not curvature * radius**2 <= share * (margin - loss_margin + budget):
            return math.inf
        step_size, gain = _formulas(target)
        values = (margin, loss_margin, curvature, radius, self.slope + self.growth * radius, target_epsilon)
        step = step_size(*values)
        gained = gain(*values, step) if step > 0.0 else 0.0
        return radius**2 / (2.0 * step * gained) if gained > 0.0 else math.inf


def free_margin(prospect: Prospect) -> Fraction:
    """The largest tau of two digits, but at least `LEAST_MARGIN`, of which the remainder takes at most 1/2500."""
    power = 2 if prospect.network is Network.TIED else 1
    largest = (_PART / (prospect.bending * prospect.radius**2)) ** (1.0 / power)
    return max(LEAST_MARGIN, min(Fraction(1), _two_digits_below(largest)))


def stretches(
    prospect: Prospect, target: Target, target_epsilon: float, *, loss_margin: float, share: float
) -> Iterator[float]:
    """k = mu / tau: that of the fewest iterations by E8, if the network is wide enough, and that of least width."""
    costs = [
        prospect.iterations(target, target_epsilon, loss_margin=loss_margin, margin=stretch * loss_margin, share=share)
        for stretch in _STRETCHES
    ]
    if math.isfinite(min(costs)):
        yield _STRETCHES[int(np.argmin(costs))]
    formula = STRETCH_TIED if prospect.network is Network.TIED else STRETCH
    budget = target_epsilon * loss_margin if target is Target.ROBUST_ERROR else target_epsilon
    yield float(formula.subs({epsilon: budget, tau: loss_margin}))


@lru_cache(maxsize=2)
def _formulas(target: Target) -> tuple[Callable[..., float], Callable[..., float]]:
    """E8's step size and gain as functions of floats."""
    errors = target is Target.ROBUST_ERROR
    step_size, gain = (STEP_SIZE_OF_ERRORS, GAIN_OF_ERRORS) if errors else (STEP_SIZE, GAIN)
    letters = (mu, tau, C, R, G, epsilon)
    return sympy.lambdify(letters, step_size, "math"), sympy.lambdify((*letters, alpha), gain, "math")


def _two_digits_below(value: float) -> Fraction:
    """The largest number of two decimal digits that is at most the value."""
    power = Fraction(10) ** (math.floor(math.log10(value)) - 1)
    return math.floor(Fraction(value) / power) * power

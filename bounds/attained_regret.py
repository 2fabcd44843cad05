"""The regret of E1.c is attained: a loss on which projected subgradient steps do exactly as badly as it allows.

The loss is f(W) = max over r <= T of <g_r, W - W_1>, with |g_r| = M = L G and the same angle between any two of the
g_r. Step t takes g_t. The angle is chosen such that the T steps end at the comparator, at distance R from W_1. All
scalar products are then rational multiples of M^2 if (alpha M/R)^2 is rational: the run is followed exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Rational, sqrt

from .errors import InvalidInput
from .exact import Number, is_at_most, positive, whole_number
from .letters import G, L, R, T, alpha
from .outcome import Outcome
from .two_layer import REGRET

STEP_OF_E1 = R / (L * G * sqrt(T))  # E1's STEP_SIZE, in terms of the ITERATIONS that belong to it
SHORTEST_STEP = R / (L * G * T)  # with less, T steps do not reach a comparator at distance R

# cos of the angle between any two of the g_r, such that |alpha (g_1 + ... + g_T)| = R. For T = 1 there is no angle.
COSINE = ((R / (alpha * L * G)) ** 2 - T) / (T * (T - 1))
# The average of f(W_t) = -alpha M^2 (t - 1) cos over t <= T, minus f(W_*) = -R^2/(alpha T). It equals REGRET.
AVERAGE_GAP = R**2 / (alpha * T) - alpha * (L * G) ** 2 * COSINE * (T - 1) / 2


@dataclass(frozen=True, kw_only=True)
class AttainedRegret:
    """A run on the loss above: `gaps` are f(W_t) - f(W_*) for t = 1 ... T, exact, in units of the loss."""

    step_size: sympy.Expr
    radius: sympy.Expr
    lipschitz: sympy.Expr
    cosine: Fraction
    gaps: tuple[sympy.Expr, ...]

    @property
    def iterations(self) -> int:
        return len(self.gaps)

    @property
    def best(self) -> sympy.Expr:
        """min over t of f(W_t) - f(W_*)."""
        return sympy.Min(*self.gaps)

    @property
    def average(self) -> sympy.Expr:
        """Average over t of f(W_t) - f(W_*)."""
        return sympy.expand(sympy.Add(*self.gaps) / self.iterations)


def attained_regret(*, iterations: int, step_size: Number, radius: Number = 1, lipschitz: Number = 1) -> AttainedRegret:
    """Run T = `iterations` steps on the loss above in the ball of that radius, in exact arithmetic.

    `lipschitz` is M = L G, `step_size` is alpha. Raises InvalidInput if (alpha M/R)^2 is irrational, if alpha is less
    than R/(M T), so that T steps cannot reach the comparator, or so large that an iterate leaves the ball; up to
    R/(M sqrt(T)), the step of E1, none does.
    """
    rounds = whole_number(iterations, name="iterations")
    step, distance = positive(step_size, name="step_size"), positive(radius, name="radius")
    slope = positive(lipschitz, name="lipschitz")
    square = sympy.expand((step * slope / distance) ** 2)
    if not square.is_Rational:
        raise InvalidInput(f"step_size is {step_size}: expected (step_size M/R)^2 to be rational, not {square}")
    cosine, gaps = _run(rounds, Fraction(int(square.p), int(square.q)), step_size)
    in_units = tuple(step * slope**2 * Rational(gap.numerator, gap.denominator) for gap in gaps)
    return AttainedRegret(step_size=step, radius=distance, lipschitz=slope, cosine=cosine, gaps=in_units)


def _run(rounds: int, square: Fraction, step_size: Number) -> tuple[Fraction, list[Fraction]]:
    """The cosine and the gaps in units of alpha M^2, where `square` is (alpha M/R)^2; squared norms are in R^2."""
    # Such g_r exist if 1 - cos and 1 + (T - 1) cos, the eigenvalues of their scalar products, are nonnegative.
    if square * rounds**2 < 1:
        raise InvalidInput(f"step_size is {step_size}: expected at least R/(M T) for T = {rounds} steps to span R")
    cosine = (1 / square - rounds) / (rounds * (rounds - 1)) if rounds > 1 else Fraction(0)
    pieces = [Fraction(0)] * rounds  # <g_r, W_t - W_1> for every r
    values, squared_norm = [], Fraction(0)
    for t in range(rounds):
        if max(pieces) != pieces[t]:
            raise ArithmeticError(f"g_{t + 1} is no subgradient at W_{t + 1}")
        values.append(pieces[t])
        squared_norm += square * (1 - 2 * pieces[t])
        if squared_norm > 1:
            raise InvalidInput(f"step_size is {step_size}: step {t + 1} of {rounds} leaves the ball on this loss")
        pieces = [piece - (1 if r == t else cosine) for r, piece in enumerate(pieces)]
    return cosine, [value - max(pieces) for value in values]


def attains(bound: sympy.Expr = REGRET, *, iterations: Iterable[int] = (1, 2, 3, 5, 8, 13)) -> Outcome:
    """Whether `bound`, in the symbols of E1.c, is exactly the average regret of this loss: proved or refuted.

    For every T given, with the step of E1 (where the best iterate is as bad as the average), the shortest step, and
    one between the two.
    """
    for rounds in iterations:
        for step in _steps(rounds):
            run = attained_regret(iterations=rounds, step_size=step)
            claimed = bound.xreplace({R: run.radius, L: run.lipschitz, G: 1, alpha: step, T: sympy.Integer(rounds)})
            if not (is_at_most(run.average, claimed) and is_at_most(claimed, run.average)):
                found = f"T = {rounds}, alpha = {step} R/(M): regret {run.average}, claimed {claimed}"
                return Outcome.refuted(found, "not the average regret of T equiangular linear pieces")
    return Outcome.proved("equal to the average regret of T equiangular linear pieces, in exact arithmetic")


def _steps(rounds: int) -> tuple[sympy.Expr, ...]:
    values = {R: sympy.Integer(1), L: sympy.Integer(1), G: sympy.Integer(1), T: sympy.Integer(rounds)}
    longest, shortest = STEP_OF_E1.xreplace(values), SHORTEST_STEP.xreplace(values)
    return longest, sqrt((longest**2 + shortest**2) / 2), shortest

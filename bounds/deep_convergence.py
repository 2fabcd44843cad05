"""P1, the paper's convergence theorem for deep networks, with a check that its exponents fit together."""

from __future__ import annotations

import sympy

from .outcome import Outcome
from .scaling_law import (
    PAPER,
    C_dimension,
    C_iterations,
    C_step_size,
    C_width,
    H,
    R,
    ScalingLaw,
    alpha,
    d,
    epsilon,
    m,
)

_REMARK = (
    "Remark: the record has T = R^2/(m epsilon alpha), but with one ball of radius R/sqrt(m) per layer "
    "the squared diameter is H R^2/m, which gives T = H R^2/(m epsilon alpha), a factor H above the "
    "record."
)

P1 = ScalingLaw(
    id="P1",
    title="deep convergence",
    source=f"{PAPER} Theorem 4.1",
    statement=(
        "For epsilon > 0, R = Omega(1), m >= max(Theta(R^9 H^16/epsilon^7), Theta(d^2)), alpha = "
        "O(epsilon/(m H^2)) and T = Theta(R^2/(m epsilon alpha)) steps of projected gradient descent on "
        "B(R): with high probability min over t <= T of L_A(W_t) - L_*(W_*) <= epsilon, W_* the "
        "minimiser of L_* over B(R)."
    ),
    widths=(C_width * R**9 * H**16 / epsilon**7, C_dimension * d**2),
    step_size=C_step_size * epsilon / (m * H**2),
    iterations=C_iterations * R**2 / (m * epsilon * alpha),
    hypotheses=("ReLU activation", "deep Gaussian initialisation", "R = Omega(1)", "with high probability"),
    remark=_REMARK,
)

# Up to a constant and the root of log m.
NEAR_LINEARITY = (R / sympy.sqrt(m)) ** sympy.Rational(4, 3) * H ** sympy.Rational(5, 2) * sympy.sqrt(m)


def check_consistency(law: ScalingLaw = P1) -> tuple[tuple[str, Outcome], ...]:
    """Each claim about how the recorded exponents fit together, with its outcome (theory section 1)."""
    return (
        (
            "the width makes the near-linearity error (R/sqrt m)^(4/3) H^(5/2) sqrt(m log m) vanish",
            _covers(law),
        ),
        ("alpha m H^2, step size times squared gradient, is of order epsilon", _step_size_fits(law)),
        ("T is of order R^2 H^2/epsilon^2", _iterations_fit(law)),
        ("T fits one ball of radius R/sqrt(m) per layer", _diameter_fits(law)),
    )


def _covers(law: ScalingLaw) -> Outcome:
    """Near-linearity <= epsilon, solved for m without its logarithm, against the width: what is left must
    grow in every variable, so that it also outgrows log(m)^3."""
    (needed,) = sympy.solve(sympy.Eq(NEAR_LINEARITY, epsilon), m)
    spare = _monomial(law.widths[0] / needed)
    exponents = {variable: spare.as_powers_dict()[variable] for variable in (R, H, epsilon)}
    reason = f"m must exceed {needed} log(m)^3; the law exceeds that by {spare}/log(m)^3"
    if exponents[R] > 0 and exponents[H] > 0 and exponents[epsilon] < 0:
        return Outcome.proved(reason)
    return Outcome.refuted(spare, reason)


def _step_size_fits(law: ScalingLaw) -> Outcome:
    return _equal(law.step_size * m * H**2, epsilon)


def _iterations_fit(law: ScalingLaw) -> Outcome:
    return _equal(law.iterations.subs(alpha, law.step_size), R**2 * H**2 / epsilon**2)


def _diameter_fits(law: ScalingLaw) -> Outcome:
    squared_diameter = H * R**2 / m
    return _equal(squared_diameter / (alpha * epsilon), law.iterations)


def _equal(left: sympy.Expr, right: sympy.Expr) -> Outcome:
    ratio = _monomial(left / right)
    if ratio == 1:
        return Outcome.proved("both have the same exponents")
    return Outcome.refuted(ratio, f"the two differ by the factor {ratio}")


def _monomial(expression: sympy.Expr) -> sympy.Expr:
    """The expression with its constants set to 1."""
    constants = (C_width, C_dimension, C_step_size, C_iterations)
    return sympy.powsimp(expression.subs(dict.fromkeys(constants, 1)))

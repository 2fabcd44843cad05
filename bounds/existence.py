"""E4, robust networks exist near the initialisation: realisation, radius, and concentration before W_0 is drawn.

f = sum_j c_j K(., z_j) has norm at most F; W^c = W_0 + sum_j c_j grad f(W_0, z_j) realises it at width m (E4.a); for
the least norm see E4.b, for margins on caps `cap_certificate`. Before W_0 is drawn (E4.d), with v(w) = sum_j c_j
sigma'(w.z_j) z_j and |v(w)| <= V, four things fail with probability at most p/4 each: the means at the centres of the
caps, the means at the points of a net of each cap, the distance |W^c - W_0|, and the operator norm of W_0.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import factorial2, log, sqrt

from .activation import Activation
from .concentration import (
    BERNSTEIN_DEVIATION,
    GAUSSIAN_NORM,
    NET,
    SPHERE_NET,
    D,
    Lambda,
    M,
    N,
    eta,
    p,
    tangent,
    v,
    zeta,
)
from .errors import HypothesisError
from .exact import Number, exact
from .letters import R, beta, d, gamma, m, s
from .prose import number_text
from .theorem import Hypothesis, Kind, Theorem

F, V, B_1, n, delta, Q = sympy.symbols("F V B_1 n delta Q", positive=True)
b = sympy.Symbol("b", nonnegative=True)
q = sympy.Symbol("q", integer=True, positive=True)
HALF = m / 2  # independent neurons

# E4.a, with Q = c' K_m c = |W^c - W_0|^2. The second form uses that W^c moves the pairs antisymmetrically.
REALISATION = beta * Q / (2 * sqrt(m))
PAIRED_REALISATION = gamma * V * Q / (6 * m)

# E4.b: a lower bound from multipliers, an upper one from certified margins, and what a slack s saves.
gain, energy, margin, norm = sympy.symbols("b'l l'Ml mu |f|", positive=True)
DUAL_BOUND = gain / sqrt(energy)
FEASIBLE_NORM = norm / margin
SLACK_RADIUS = (1 - s) * R

# E4.d. Second moments and largest values of h_x(w) = <v(w), x> sigma'(w.x), and of its change over a chord delta.
VALUE_MOMENT = B_1**2 * F**2
VALUE_BOUND = B_1 * V
SPREAD = F ** (2 - 2 / q) * V ** (2 / q) * factorial2(2 * q - 1) ** (1 / q)  # bounds E |v|^2 (w.u)^2 for unit u
CHANGE_MOMENT = delta**2 * (B_1**2 * F**2 + beta**2 * SPREAD)
CHANGE_BOUND = 2 * B_1 * V

_COSINE = 1 - delta**2 / (2 * (1 - b**2))  # of the angle of the cap
TANGENT_RADIUS = delta * sqrt(1 - delta**2 / (4 * (1 - b**2))) / _COSINE
CAP_NET = NET.xreplace({tangent: TANGENT_RADIUS, D: d - 2})
LOG_CENTRES = log(2 * n / (p / 4))
LOG_NET = LOG_CENTRES + (d - 2) * log(1 + 2 * TANGENT_RADIUS / eta)

EXCESS = BERNSTEIN_DEVIATION.xreplace({N: HALF, v: V**2 * F**2, M: V**2, Lambda: log(1 / (p / 4))})
RADIUS = sqrt(F**2 + EXCESS)
OPERATOR_NORM = GAUSSIAN_NORM.xreplace({N: HALF, D: d - 1, p: p / 4, zeta: SPHERE_NET})
LIPSCHITZ = RADIUS * sqrt(B_1**2 + beta**2 * OPERATOR_NORM**2) + F * sqrt(B_1**2 + beta**2)
REMAINDER = REALISATION.xreplace({Q: RADIUS**2})
PAIRED_REMAINDER = PAIRED_REALISATION.xreplace({Q: RADIUS**2})

_VALUES = {N: HALF, v: VALUE_MOMENT, M: VALUE_BOUND}
_CHANGES = {N: HALF, v: CHANGE_MOMENT, M: CHANGE_BOUND}
AT_CENTRES = BERNSTEIN_DEVIATION.xreplace(_VALUES | {Lambda: LOG_CENTRES})
FROM_CENTRES = BERNSTEIN_DEVIATION.xreplace(_CHANGES | {Lambda: LOG_NET})
ON_NET = BERNSTEIN_DEVIATION.xreplace(_VALUES | {Lambda: LOG_NET})
TWO_SCALES = AT_CENTRES + FROM_CENTRES + eta * LIPSCHITZ  # of the linearisation; the remainder comes on top
ONE_SCALE = ON_NET + eta * LIPSCHITZ

_STATEMENT = (
    "Let |sigma'| <= B_1 and sigma' be beta-Lipschitz, f = sum_j c_j K(., z_j) with |f|_H <= F and sup_w |v(w)| <= V "
    "(V <= B_1 ||c||_1), and let the n perturbation sets lie in caps of chord delta on S_b. A priori: with probability "
    ">= 1 - p over the symmetric initialisation W_0 of width m, W^c lies in B(R), R^2 = F^2 + excess, and "
    "|f(W^c, x') - f(x')| <= t for all x' in all sets, t the sum of the terms named centres, net, mesh and remainder; "
    "so margins of f >= 1 give L_*(W^c) <= t for the hinge loss. A posteriori: if at the drawn W_0 the margins of "
    "f(W^c, .) are certified, remainder included, then W^c in B(|W^c - W_0|) has the robust loss of these margins, and "
    "no probability is left."
)
_LATEX = (
    r"\mathbb P\Big[\,|W^c-W_0|^2\le F^2+e,\ \ \sup_{i,\,x'\in B(x_i)}|f(W^c,x')-f(x')|\le "
    r"t_0+t_1+\eta\Big(\sqrt{F^2+e}\sqrt{B_1^2+\beta^2\omega^2}+F\sqrt{B_1^2+\beta^2}\Big)"
    r"+\min\Big(\frac{\beta(F^2+e)}{2\sqrt m},\frac{\gamma V(F^2+e)}{6m}\Big)\,\Big]\ge1-p"
)


@dataclass(frozen=True, kw_only=True)
class RobustExistence(Theorem):
    """E4; its a priori form holds with a probability, its a posteriori form for the network drawn."""

    @property
    def kind(self) -> Kind:
        return Kind.GUARANTEE

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            "data and perturbations lie on S_b, in caps of chord delta and angle below pi/2",
            "f(W_0, .) = 0 (symmetric initialisation)",
            "|sigma'| <= B_1 (a priori only)",
            "sigma' is beta-Lipschitz",
            "f has norm <= F and margins >= 1 on every perturbation set, and |v(w)| <= V (a priori only)",
            "the margins of f(W^c, .) are certified at the drawn W_0 (a posteriori only)",
        )

    def a_posteriori(self, activation: Activation, *, radius: Number, robust_loss: Number) -> tuple[Hypothesis, ...]:
        """The hypotheses for the network drawn: what the caller measured of W^c and certified. No probability is left.

        `radius` is |W^c - W_0| and `robust_loss` what the certified margins of f(W^c, .) bound, both rounded up. Raises
        HypothesisError if sigma' is not Lipschitz: then the remainder of E4.a is not bounded.
        """
        beta_text, value = "sigma' is beta-Lipschitz", activation.derivative_lipschitz
        if value is None:
            reason = activation.reasons["derivative_lipschitz"]
            raise HypothesisError(f"{self.id} does not apply: it needs {beta_text}, but {activation.label}: {reason}")
        distance, loss = (number_text(exact(number)) for number in (radius, robust_loss))
        source = f"{activation.label}: beta = {value}" + ("" if activation.proved else ", declared and not proved")
        return (
            Hypothesis("f(W_0, .) = 0 (symmetric initialisation)", True, "by construction of W_0"),
            Hypothesis(beta_text, True if activation.proved else None, source),
            Hypothesis(f"W^c lies in B(R), R = {distance}", True, "measured on the network drawn"),
            Hypothesis(f"W^c has robust loss <= {loss}", True, "certified on the network drawn, remainder included"),
        )


E4 = RobustExistence(
    id="E4",
    title="robust networks near the initialisation",
    source="the project's theory, section 4, after arXiv:1906.07916v2 Theorem 5.1",
    statement=_STATEMENT,
    latex=_LATEX,
    needs=("f", "||c||_1", "delta", "n", "d"),
)


def velocity_bound(derivative_bound: sympy.Expr, coefficient_sum: sympy.Expr) -> sympy.Expr:
    """V = B_1 ||c||_1, the bound of |v(w)| that needs nothing but the coefficients."""
    return derivative_bound * coefficient_sum

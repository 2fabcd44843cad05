"""E11, the gradient of the mean is shorter than the mean of the gradients: a bound G_D of |g_t| / L from the data.

Where l'(f, y) = -L p y with p in [0, 1], as for the hinge, g_t is L times a mean of the p_i y_i grad f(W_t, x_i^t), and
gradients of opposite labels cancel. At the drawn W_0 and the clean points that is a quadratic form in p, bounded over
the cube; what the adversary and the training add is bounded point by point. G_D takes the place of G wherever
|g_t| <= L G is all that a theorem needs: in E1, E2, E7 and E10.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import sqrt

from .gradient import operator_norm
from .letters import R, beta, m
from .loss import Loss, get_loss, hinge
from .theorem import Kind, Theorem

n, delta, reach = sympy.symbols("n delta |a|", positive=True)
form, modulus, start, turn, steepness, distance = sympy.symbols("p'Mp omega S E q |z|", nonnegative=True)

# |g_t| <= L G_D: `form` bounds p'Mp for p in the cube, M = yy' o K_m, and omega is the mean of the moduli.
DRIFT = beta * R / sqrt(m)
MEAN_GRADIENT_BOUND = sqrt(form) / n + modulus + DRIFT

# |grad f(W_0, x') - grad f(W_0, x)| for |x' - x| <= delta: S^2 = K_m(x, x), and sqrt(m) E bounds
# |sigma'(W_0 x') - sigma'(W_0 x)|. q^2 is the largest eigenvalue of (1/m) sum_r lambda_r^2 w_r w_r', lambda_r the
# steepest chord of sigma' from w_r x: at most beta; for the quadratic ReLU at w_r x <= 0, beta times SWITCHING.
MODULUS = sqrt(turn**2 + delta**2 * start * (start + turn))
TURN = steepness * delta
STEEPNESS = beta * operator_norm / sqrt(m)
SWITCHING = sympy.Max(0, 1 - distance / reach)

# Two bounds of p'Mp over the cube: the sum of LARGEST_ENTRY, and BOX, for any q and any d >= 0, with A = diag(d) - M,
# |d - 2 A q| summed with weights max(|q_i|, |1 - q_i|), the squares of these weights, and A + kappa >= 0.
entry, linear, square = sympy.symbols("M_ij d.q q'Aq", real=True)
residual, squares, kappa = sympy.symbols("residual weights^2 kappa", nonnegative=True)
LARGEST_ENTRY = sympy.Max(0, entry)
BOX = linear - square + residual + kappa * squares


@dataclass(frozen=True, kw_only=True)
class MeanGradient(Theorem):
    """E11; it holds for the network drawn, without any probability."""

    @property
    def kind(self) -> Kind:
        return Kind.GUARANTEE

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            "inputs and perturbations lie on the unit sphere, perturbations within the chord delta",
            "sigma' is beta-Lipschitz",
            "|l'(f, y)| <= L and l'(f, y) y <= 0 (the hinge and the logistic loss)",
            "W_t lies in B(R)",
        )


def has_slopes_of_one_sign(loss: Loss) -> bool:
    """Whether l'(f, y) y <= 0 and L is finite: the hinge and the logistic loss, by their formulas."""
    known = [get_loss("logistic"), *([] if loss.margin is None else [hinge(loss.margin)])]
    return loss.lipschitz is not None and any(loss.expression == each.expression for each in known)


E11 = MeanGradient(
    id="E11",
    title="the gradient of the mean",
    source="the project's theory, section 3",
    statement=(
        "Let sigma' be beta-Lipschitz, and l'(f, y) = -L p y with p in [0, 1]. Let K_m be the empirical NTK at W_0 and "
        "omega_i the largest |grad f(W_0, x') - grad f(W_0, x_i)| on B(x_i). Then for every W_t in B(R) and every "
        "adversary |g_t| <= L G_D, G_D = (1/n) max over p in [0, 1]^n of sqrt(p'(yy' o K_m)p) + (1/n) sum_i omega_i + "
        "beta R/sqrt(m)."
    ),
    latex=(
        r"\|g_t\|\le L\Big(\frac1n\max_{p\in[0,1]^n}\sqrt{p^\top(yy^\top\circ K_m)p}+\frac1n\sum_i\omega_i"
        r"+\frac{\beta R}{\sqrt m}\Big)"
    ),
    needs=("W_0", "R"),
)

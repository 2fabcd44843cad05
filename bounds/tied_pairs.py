"""E2, tied pairs: where the symmetric pairs move antisymmetrically, the width goes like 1/epsilon.

phi(t) = sigma(z + t) - sigma(z - t) is odd, so its second derivative is at most 2 gamma |t|: the curvature falls like
1/m. Step sizes are those of W: in the coordinates u_r of the moves they are half as large.
"""

from __future__ import annotations

from sympy import Rational

from .curvature import Network
from .letters import G, L, R, T, alpha, epsilon, gamma, m, rho, s, theta
from .two_layer import TwoLayerConvergence

NEAR_LINEARITY = 2 * L * gamma * rho * R**2 / m
REGRET = R**2 / (2 * alpha * T) + alpha * L**2 * G**2 / 2
WIDTH = 2 * L * gamma * rho * R**2 / (theta * (epsilon - s))

E2 = TwoLayerConvergence(
    id="E2",
    title="tied pairs",
    source="the project's theory, section 3",
    statement=(
        "Let sigma'' be gamma-Lipschitz, |sigma'| <= B_1, and l convex and L-Lipschitz in f. Train only antisymmetric "
        "moves w_r + u_r, w_r - u_r of the symmetric pairs, in the set {||W - W_0||_F <= R, ||u_r|| <= rho/sqrt(m)}. "
        "Then for every tied W_* of that set and every adversary A: min over t <= T of L_A(W_t) <= L_*(W_*) + "
        "R^2/(2 alpha T) + alpha L^2 B_1^2/2 + 2 L gamma rho R^2/m."
    ),
    latex=(
        r"\min_{t\le T}\mathcal L_A(W_t)\le\mathcal L_\ast(W_\ast)+\frac{R^2}{2\alpha T}+\frac{\alpha L^2B_1^2}{2}"
        r"+\frac{2L\gamma\rho R^2}{m}"
    ),
    needs=("R", "rho", "s"),
    network=Network.TIED,
    share=Rational(1, 3),
)

"""P2, the paper's convergence theorem for two-layer networks; E1 is its explicit version."""

from __future__ import annotations

from .scaling_law import PAPER, C_iterations, C_step_size, C_width, R, ScalingLaw, alpha, epsilon

P2 = ScalingLaw(
    id="P2",
    title="two-layer convergence",
    source=f"{PAPER}, two-layer convergence theorem",
    statement=(
        "For sigma with |sigma'(0)| <= C and C-Lipschitz sigma' (quadratic ReLU qualifies), m = "
        "Omega(R^4/epsilon^2), alpha = O(epsilon) and T = Omega(R^2/(epsilon alpha)) give min over t of "
        "L_A(W_t) <= L_*(W_*) + epsilon."
    ),
    widths=(C_width * R**4 / epsilon**2,),
    step_size=C_step_size * epsilon,
    iterations=C_iterations * R**2 / (epsilon * alpha),
    hypotheses=("|sigma'(0)| <= C and sigma' is C-Lipschitz", "symmetric initialisation"),
)

"""P3, the paper's theorem that robust networks exist near the initialisation; E4 is its explicit version."""

from __future__ import annotations

from .scaling_law import PAPER, C_iterations, C_step_size, C_width, R, ScalingLaw, alpha, epsilon

P3 = ScalingLaw(
    id="P3",
    title="robust networks near the initialisation",
    source=f"{PAPER} Theorem 5.1 and its corollary",
    statement=(
        "If the kernel is universal on the data's sphere (quadratic ReLU with a bias coordinate qualifies) and "
        "differently labelled perturbation sets are disjoint, then for every epsilon there is an R such that m = "
        "Omega(R^4/epsilon^2) gives, with probability >= 0.99 over W_0, a W in B(R) with L_*(W) <= epsilon; with P2, "
        "alpha = O(epsilon) and T = Omega(R^2/(epsilon alpha)) then give min over t of L_A(W_t) <= epsilon."
    ),
    latex=(
        r"m=\Omega\!\big(R_{D,B,\epsilon}^4/\epsilon^2\big)\ \Longrightarrow\ "
        r"\mathbb P\big[\exists W\in B(R_{D,B,\epsilon}):\mathcal L_\ast(W)\le\epsilon\big]\ge0.99"
    ),
    needs=("R",),
    widths=(C_width * R**4 / epsilon**2,),
    step_size=C_step_size * epsilon,
    iterations=C_iterations * R**2 / (epsilon * alpha),
    hypotheses=(
        "the kernel is universal on the data's sphere",
        "perturbation sets of different labels are disjoint",
        "R is the radius R_{D,B,epsilon}",
        "with probability >= 0.99",
    ),
    remark=(
        "Remark: the paper gives no way to compute R, which may be exponential in d (Zhang et al., arXiv:2002.06668); "
        "here R is the user's. `robustntk radius` computes an interval for it (theory E4.b)."
    ),
)

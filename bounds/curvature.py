"""The curvature C of a network on its ball: |f(W', x) - f(W, x) - <grad f(W, x), W' - W>| <= C ||W' - W||_F^2.

Two networks are trained. In the *full* one all weights move in {||W - W_0||_F <= R}, and E1.a gives C. In the *tied*
one the symmetric pairs move antisymmetrically, w_r + u_r and w_r - u_r, no u_r by more than rho / sqrt(m); its even
terms cancel, and E2.a gives a C that falls like 1/m. Norms are those of W: ||W' - W||_F^2 = 2 ||U' - U||_F^2.
"""

from __future__ import annotations

from enum import StrEnum

import sympy
from sympy import sqrt

from .letters import C, beta, gamma, m, rho
from .problem import Problem
from .theorem import Hypothesis

FULL_CURVATURE = beta / (2 * sqrt(m))  # E1.a
TIED_CURVATURE = gamma * rho / (2 * m)  # E2.a
FULL_WIDTH = (beta / (2 * C)) ** 2
TIED_WIDTH = gamma * rho / (2 * C)


class Network(StrEnum):
    """Which moves of the first layer are trained."""

    FULL = "full"
    TIED = "tied"


def curvature(problem: Problem, network: Network, width: int) -> sympy.Expr:
    """C at that width, exactly."""
    law = TIED_CURVATURE if network is Network.TIED else FULL_CURVATURE
    return law.xreplace(_constants(problem, network) | {m: sympy.Integer(width)})


def width_of_curvature(problem: Problem, network: Network, largest: sympy.Expr) -> sympy.Expr:
    """The real number that the width has to reach for the curvature to be at most `largest`."""
    law = TIED_WIDTH if network is Network.TIED else FULL_WIDTH
    return law.xreplace(_constants(problem, network) | {C: largest})


def smooth_activation(problem: Problem, network: Network) -> tuple[Hypothesis, ...]:
    """What the curvature supposes of the activation, and of the comparator of a tied network."""
    if network is Network.FULL:
        return (_constant(problem, "sigma' is beta-Lipschitz", "beta", "derivative_lipschitz"),)
    return (
        _constant(problem, "sigma'' is gamma-Lipschitz", "gamma", "curvature_lipschitz"),
        _constant(problem, "|sigma'| <= B_1", "B_1", "derivative_bound"),
        _row_radius(problem),
    )


def _constants(problem: Problem, network: Network) -> dict[sympy.Symbol, sympy.Expr]:
    if network is Network.FULL:
        return {beta: problem.activation.derivative_lipschitz}
    return {gamma: problem.activation.curvature_lipschitz, rho: problem.row_radius}


def _constant(problem: Problem, text: str, letter: str, attribute: str) -> Hypothesis:
    activation, value = problem.activation, getattr(problem.activation, attribute)
    if value is None:
        return Hypothesis(text, False, f"{activation.label}: {activation.reasons[attribute]}")
    if not activation.proved:
        return Hypothesis(text, None, f"{letter} = {value} is declared: neither proved nor refuted")
    return Hypothesis(text, True, f"{activation.label}: {letter} = {value}")


def _row_radius(problem: Problem) -> Hypothesis:
    text = "W_* is tied and moves no neuron by more than rho / sqrt(m)"
    if problem.row_radius is None:
        return Hypothesis(text, False, "no rho is given (row_radius; it is measured on a drawn network)")
    if problem.comparator_verified:
        return Hypothesis(text, True, f"the caller has verified rho = {problem.row_radius} on the drawn network")
    return Hypothesis(text, None, f"rho = {problem.row_radius} is to be checked on the drawn W_0")

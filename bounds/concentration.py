"""Tails of means and of Gaussian matrices, and sizes of nets, with every constant (theory E4.d).

X_1, ..., X_N are independent, |X_r| <= M and E X_r^2 <= v. Each tail bounds the probability that the mean of the X_r
exceeds its expectation by t; each deviation is the t at which the tail has come down to exp(-Lambda). The proofs are in
`bounds.proofs.concentration`.
"""

from __future__ import annotations

import sympy
from sympy import Integer, Rational, exp, log, sqrt

N, t, v, M, x, p, Lambda, lam = sympy.symbols("N t v M x p Lambda lambda", positive=True)
D, tangent, eta, zeta = sympy.symbols("D r_t eta zeta", positive=True)

# Bernstein: log E exp(lam (X - E X)) is at most the cumulant, for lam M < 3; Chernoff's bound takes lam = the tilt.
BERNSTEIN_CUMULANT = lam**2 * v / (2 * (1 - lam * M / 3))
BERNSTEIN_TILT = t / (v + M * t / 3)
BERNSTEIN_TAIL = exp(-N * t**2 / (2 * (v + M * t / 3)))
BERNSTEIN_DEVIATION = (M * Lambda / 3 + sqrt((M * Lambda / 3) ** 2 + 2 * N * v * Lambda)) / N
BERNSTEIN_COUNT = 2 * (v + M * t / 3) * log(1 / p) / t**2

# Hoeffding: the second moment is not used.
HOEFFDING_CUMULANT = lam**2 * M**2 / 2
HOEFFDING_TILT = t / M**2
HOEFFDING_TAIL = exp(-N * t**2 / (2 * M**2))
HOEFFDING_DEVIATION = M * sqrt(2 * Lambda / N)
HOEFFDING_COUNT = 2 * M**2 * log(1 / p) / t**2

# A set in a ball of radius r_t in R^D, up to an error of eta.
NET = (1 + 2 * tangent / eta) ** D

# N rows N(0, I_D): a sum of N squares exceeds N x with probability at most the tail, and x = the level brings that down
# to exp(-Lambda). A zeta-net of the unit sphere then bounds the operator norm, divided by sqrt(N).
CHI_SQUARE_TILT = (1 - 1 / x) / 2
CHI_SQUARE_TAIL = (x * exp(1 - x)) ** (N / 2)
CHI_SQUARE_LEVEL = 1 + 2 * sqrt(Lambda / N) + 2 * Lambda / N
NET_OF_SPHERE = NET.xreplace({tangent: Integer(1), eta: zeta})
NORM_FROM_NET = sqrt(x) / (1 - zeta)
FAILURES_OF_NET = log(1 / p) + D * log(1 + 2 / zeta)
GAUSSIAN_NORM = NORM_FROM_NET.xreplace({x: CHI_SQUARE_LEVEL.xreplace({Lambda: FAILURES_OF_NET})})
SPHERE_NET = Rational(1, 8)  # the zeta in use: the cost of a finer net shows in the logarithm only

"""The letters of the theorems, as SymPy symbols.

L Lipschitz constant and H smoothness of the loss, tau its margin; beta and gamma Lipschitz constants of sigma' and
sigma''; G gradient bound, C curvature; R radius of the ball, rho of a neuron's move (times sqrt(m)); s loss and mu
margin of the comparator W_*; m width, alpha step size, T iterations; epsilon the target, theta the share of
near-linearity in it.
"""

from __future__ import annotations

import sympy

L, H, G, C, R, rho, m, d, alpha, T = sympy.symbols("L H G C R rho m d alpha T", positive=True)
beta, gamma, tau, mu, theta, epsilon = sympy.symbols("beta gamma tau mu theta epsilon", positive=True)
s = sympy.Symbol("s", nonnegative=True)

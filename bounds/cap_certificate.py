"""Certificates on a cap as formulas (theory E4.c): what value, gradient and norm of f at its centre allow elsewhere.

The cap is the set of points at angle phi <= theta from its centre x on the sphere of radius r in S_b; kappa~(phi) is
the kernel along a great circle of it. `verify.kernel_certificate` evaluates the same bounds in floating point.
"""

from __future__ import annotations

import sympy
from sympy import cos, sin, sqrt

# f is |f|_H <= F with the value y = f(x) and a gradient by angle of norm g; k_0 = kappa~(0), D = k_0 - kappa~(phi),
# turn = -kappa~'(phi), stiffness q_0 = -kappa~''(0).
F, k_0, D, q_0, r, phi, theta = sympy.symbols("F k_0 D q_0 r phi theta", positive=True)
g, turn, b = sympy.symbols("g turn b", nonnegative=True)
y = sympy.Symbol("y", real=True)

# Order 0, without and with the value.
CHANGE = F * sqrt(2 * D)
_FREE = F**2 - y**2 / k_0
_POWER = D * (2 - D / k_0)
ORDER_ZERO = y * (1 - D / k_0) - sqrt(_FREE) * sqrt(_POWER)

# Order 1: the best bound from value and gradient, and the integrand of the integral form.
ORDER_ONE = y * (1 - D / k_0) - g * turn / q_0 - sqrt(_FREE - g**2 / q_0) * sqrt(_POWER - turn**2 / q_0)
bend = sympy.Symbol("bend", nonnegative=True)  # kappa~''(t) - kappa~''(0)
SLOPE_CHANGE = F * sqrt(2 * bend)

# The kernel along great circles, from kappa(u) at u = r^2 cos(phi) + b^2, r^2 + b^2 = 1.
COSINE = r**2 * cos(phi) + b**2
first, second, first_at_one = sympy.symbols("kappa'(u) kappa''(u) kappa'(1)", real=True)
STIFFNESS = r**2 * first_at_one
TURN = r**2 * sin(phi) * first
BEND = r**4 * sin(phi) ** 2 * second + r**2 * ((1 - cos(phi)) * first + first_at_one - first)

# Order 2: Taylor quotients of u^n, the drop h of a point of the cap below the tangent plane, and the dual of a ball.
n = sympy.Symbol("n", integer=True, positive=True)
j = sympy.Symbol("j", integer=True, nonnegative=True)
u, v = sympy.symbols("u v", nonnegative=True)
TAYLOR_QUOTIENT = sympy.Sum((n - 1 - j) * v ** (n - 2 - j) * u**j, (j, 0, n - 2))
tangential = sympy.Symbol("|t|", nonnegative=True)
cap_cosine = sympy.Symbol("cos(theta)", nonnegative=True)
DROP_LOW = tangential**2 / (2 * r)
DROP_HIGH = tangential**2 / (r * (1 + cap_cosine))
LARGEST_TANGENTIAL = r * sin(theta)
LARGEST_DROP = 2 * r * sin(theta / 2) ** 2

# One coordinate of g't + t'A't/2 over |t| <= rho: A' has the eigenvalue lam, mu > -lam is the multiplier of the ball.
slope, lam = sympy.symbols("slope lam", real=True)
mu, rho = sympy.symbols("mu rho", positive=True)
DUAL_TERM = -(slope**2) / (2 * (lam + mu))
DUAL_OF_BALL = -mu * rho**2 / 2

"""How far K_m can be from K before W_0 is drawn: an explicit bound with a confidence, for one hidden layer.

**Theorem** (theory E4.f). Let |sigma'| <= B_1 and let W_0 be a symmetric initialisation of width m (theory section 0).
For points x_1, ..., x_n of any kind and 0 < eta < 1 put

    t = 2 B_1^2 sqrt(log(n (n + 1) / eta) / m).

With probability at least 1 - eta, for all i, j at once, |K_m(x_i, x_j) - K(x_i, x_j)| <= t |<x_i, x_j>|.

*Proof.* Only N = m/2 rows of W_0 are distinct, so K_m(x, z) = <x, z> (Y_1 + ... + Y_N)/N with Y_r = sigma'(w_r x)
sigma'(w_r z): independent, of mean k = E Y_r with K(x, z) = <x, z> k, and in [-B_1^2, B_1^2]. By Hoeffding's inequality
(Probability inequalities for sums of bounded random variables, JASA 58, 1963, theorem 2), both sides together,

    P(|(Y_1 + ... + Y_N)/N - k| >= t) <= 2 exp(-2 N t^2 / (2 B_1^2)^2) = 2 exp(-m t^2 / (4 B_1^4))
                                       = 2 eta / (n (n + 1)).

K_m and K are symmetric, so there are n (n + 1)/2 pairs, and all of them fail with probability at most eta together. QED

In norms: K_m - K is the entrywise product of the Gram matrix U of the points and a matrix with entries at most t, so
||K_m - K||_op <= ||K_m - K||_F <= t ||U||_F, which is at most t n on the unit sphere.
"""

from __future__ import annotations

import sympy

from ...bounds import Activation, InvalidInput, get_activation, upper_float
from ...bounds.exact import Number, between_zero_and_one, whole_number

__all__ = ["entry_deviation_bound"]


def entry_deviation_bound(activation: Activation | str, points: int, width: int, *, failure: Number) -> float:
    """t of the theorem above for n = `points`, m = `width` and eta = `failure`, rounded upwards.

    The statement is about K_m and K as real numbers. Raises InvalidInput for an activation whose derivative is not
    bounded, a number of points that is not positive, a width that is not positive and even, or a probability of failure
    outside (0, 1).

    >>> entry_deviation_bound("tanh", 20, 60_000, failure="0.01")
    0.0266...
    """
    activation = get_activation(activation)
    bound = activation.derivative_bound
    if bound is None:
        raise InvalidInput(f"activation {activation.label}: its derivative is not bounded, expected a finite B_1")
    points, width = whole_number(points, name="points"), whole_number(width, name="width", even=True)
    eta = between_zero_and_one(failure, name="failure")
    return upper_float(2 * bound**2 * sympy.sqrt(sympy.log(points * (points + 1) / eta) / width))

"""Which spherical harmonics the kernel of the quadratic ReLU reaches without a bias coordinate: of the even ones, those
of degree 0 and 2 only (theory section 4, "Degrees").

Taken for granted, by name: a power series that converges may be differentiated term by term, and is determined by its
values.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Max, Rational, asin, cos, pi, sin, sqrt

from ..engines.identity import Identity
from ..engines.induction import Induction
from ..kernel_forms import KERNEL_FORMS, u
from ..proof import Proof, Step
from .building import by, equals, follows, lengths, reals, summed

z, first, second, margin = reals("z w_1 w_2 mu")
k = sympy.Symbol("k", integer=True, nonnegative=True)
(q,) = lengths("q")
SQUARE = Max(0, z) ** 2 + Max(0, -z) ** 2
# acos(-u) = pi - acos(u) is seen by way of the arcsine, an odd function.
KAPPA = KERNEL_FORMS["quadratic_relu"].rewrite(asin)
ODD = KAPPA - u**2


def signed_squares(directions: int, sign: int) -> Any:
    """sum_k sign^k <w, x_k>^2 over the directions at the angles k pi / `directions`."""
    angles = [pi * index / directions for index in range(directions)]
    return sum(sign**index * (first * cos(a) + second * sin(a)) ** 2 for index, a in enumerate(angles))


def networks() -> tuple[Step, ...]:
    """Eight labels that no network of the quadratic ReLU fits, whatever its width and its weights."""
    return (
        follows(
            "degrees.even part",
            "sigma(z) + sigma(-z) = z^2: f(x) + f(-x) is a quadratic form for every network",
            sympy.Eq(SQUARE, z**2, evaluate=False),
            falsified={"the square one per cent larger": sympy.Eq(SQUARE, Rational(101, 100) * z**2, evaluate=False)},
        ),
        by(
            "degrees.eight points",
            "sum_k (-1)^k <w, x_k>^2 = 0 over four directions, 45 degrees apart: so sum_k (-1)^k f(x_k) = 0 over all 8",
            Identity(signed_squares(4, -1), Integer(0)),
            falsified={
                "three directions, 60 degrees apart": Identity(signed_squares(3, -1), Integer(0)),
                "equal labels": Identity(signed_squares(4, 1), Integer(0)),
            },
            uses=("degrees.even part",),
        ),
        summed(
            "degrees.hinge",
            "sum_i (1 - y_i f(x_i)) <= sum_i max(0, 1 - y_i f(x_i)): a mean margin of 0 costs a hinge loss of 1",
            1 - margin,
            Max(0, 1 - margin),
            Integer(1),
        ),
    )


def coefficients() -> tuple[Step, ...]:
    """kappa(u) = u^2 + odd powers, all with positive coefficients."""
    slope = 1 / sqrt(1 - u**2)
    return (
        equals("degrees.even", "(kappa(u) + kappa(-u))/2 = u^2", (KAPPA + KAPPA.subs(u, -u)) / 2, u**2),
        equals("degrees.start", "kappa(u) - u^2 begins with (2/pi) u", ODD.diff(u).subs(u, 0), 2 / pi),
        equals(
            "degrees.bend",
            "(kappa(u) - u^2)'' = (2/pi) (2 asin(u) + u/sqrt(1 - u^2))",
            ODD.diff(u, 2),
            2 / pi * (2 * asin(u) + u * slope),
        ),
        equals("degrees.arcsine", "asin' = 1/sqrt(1 - u^2)", asin(u).diff(u), slope),
        equals(
            "degrees.recurrence",
            "(1 - u^2) g' = u g for g = 1/sqrt(1 - u^2) = sum_k q_k u^(2k): so (2k + 2) q_(k+1) = (2k + 1) q_k",
            (1 - u**2) * slope.diff(u),
            u * slope,
        ),
        _positive_coefficients(),
    )


def _positive_coefficients() -> Step:
    """By induction; with a factor that vanishes somewhere the coefficients end there."""

    def induction(factor: Any) -> Induction:
        return Induction(
            invariant=q > 0, counter=k, start=0, first={q: Integer(1)}, following={q: q * factor / (2 * k + 2)}
        )

    return by(
        "degrees.positive",
        "q_k > 0 for all k: so all odd powers have positive coefficients in kappa",
        induction(2 * k + 1),
        falsified={"2 k - 1 for 2 k + 1": induction(2 * k - 1)},
        uses=("degrees.start", "degrees.bend", "degrees.arcsine", "degrees.recurrence"),
    )


def proof() -> Proof:
    """A proof without a theorem of its own: why the data need a bias coordinate."""
    return Proof("degrees", "degrees of the quadratic ReLU's kernel", (*networks(), *coefficients()))

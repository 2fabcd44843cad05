"""Rewritten formulas are the same functions."""

import mpmath
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds.stable_form import stable, stable_derivative

x = sympy.Symbol("x", real=True)
exp, log, tanh, cosh = sympy.exp, sympy.log, sympy.tanh, sympy.cosh
FORMULAS = [
    x / (1 + exp(-x)),
    (1 + exp(2 * x)) ** -3 * x,
    exp(x) / (1 + exp(x)),
    x * exp(-x) / (1 + exp(-x)) ** 2,
    log(1 + exp(3 * x)) ** 2,
    sympy.sech(x) + x * sympy.sech(2 * x) ** 2,
    tanh(log(1 + exp(x))),
    sympy.sinh(x) / cosh(x) ** 2 + log(cosh(x)),
    exp(x) / (2 + exp(x)),
    x * exp(4 * x) / (1 + exp(2 * x)) ** 3 - exp(3 * x) / (1 + exp(x)) ** 2,
]


@given(formula=st.sampled_from(FORMULAS), point=st.floats(-20, 20))
def test_the_function_and_its_derivative_are_the_same(formula, point):
    with mpmath.workdps(40):
        at = mpmath.mpf(point)
        for before, after in (
            (formula, stable(formula)),
            (sympy.diff(formula, x), stable_derivative(stable(formula), x)),
        ):
            expected, found = (sympy.lambdify(x, each, "mpmath")(at) for each in (before, after))
            assert mpmath.almosteq(expected, found, rel_eps=1e-18, abs_eps=1e-18)


@pytest.mark.parametrize(
    ("formula", "form"),
    [
        (1 / (1 + exp(-x)), sympy.Rational(1, 2) + tanh(x / 2) / 2),
        (exp(x) / (1 + exp(x)), (1 + tanh(x / 2)) / 2),
        (log(1 + exp(x)), x / 2 + log(2 * cosh(x / 2))),
    ],
    ids=str,
)
def test_logistic_functions_become_hyperbolic(formula, form):
    assert sympy.expand(stable(formula) - form) == 0


def test_quotients_of_hyperbolic_functions_become_tangents():
    slope = stable_derivative(log(cosh(x)), x)
    assert slope == tanh(x)
    assert not stable_derivative(1 / cosh(x), x).has(sympy.sinh)
    assert stable_derivative(cosh(x), x) == sympy.sinh(x)

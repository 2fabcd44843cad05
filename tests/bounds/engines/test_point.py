"""What holds at a point is decided exactly, or by balls, or left open."""

import pytest
import sympy
from sympy import Function, Rational, cbrt, log, pi, sqrt

from robustntk.bounds.engines.point import Point, fails, holds, is_exactly_zero, sign_of
from robustntk.bounds.engines.relations import at_most, equal, less

x, y = sympy.symbols("x y", real=True)
a = sympy.Symbol("a", positive=True)
n = sympy.Symbol("n", integer=True)
f = Function("f")


@pytest.mark.parametrize(
    ("formula", "truth"),
    [
        (at_most(x, y), True),
        (less(x, y), True),
        (equal(x, 1), True),
        (sympy.Ne(x, 1, evaluate=False), False),
        (sympy.And(at_most(x, y), less(y, x), evaluate=False), False),
        (sympy.Or(less(y, x), equal(x, 1), evaluate=False), True),
        (sympy.Not(less(y, x), evaluate=False), True),
        (sympy.Not(less(0, 1 / (x - 1)), evaluate=False), True),
        (sympy.Implies(less(0, 1 / (x - 1)), less(y, x), evaluate=False), True),
        (sympy.Implies(less(0, x), less(y, x), evaluate=False), False),
        (less(sqrt(2 * y), x + 1), False),
        (equal(sqrt(5 + 2 * sqrt(6)), sqrt(2) + sqrt(y + 1)), True),
        (less(pi * x, Rational(22, 7)), True),
        (at_most(0, 1 / (x - 1)), False),
        (at_most(0, sqrt(x - 2)), False),
        (at_most(log(x - 2), 7), False),
        (at_most(7, log(x - 2)), False),
        (at_most(0, sympy.Max(x, 1 / (y - 2))), False),
        (at_most(0, sympy.Piecewise((x, x > 0), (sympy.Max(x, 1 / (y - 2)), True))), None),
        (sympy.true, True),
        (sympy.false, False),
    ],
    ids=str,
)
def test_a_formula_is_decided_at_a_point(formula, truth):
    assert holds(formula, Point({x: sympy.Integer(1), y: sympy.Integer(2)})) is truth


def test_a_conclusion_fails_where_it_is_undefined_negated_or_not():
    point = Point({x: sympy.Integer(0)})
    assert fails(less(0, 1 / x), point)
    assert fails(sympy.Not(less(0, 1 / x), evaluate=False), point)
    assert not fails(sympy.Not(less(0, x), evaluate=False), point)


def test_what_no_arithmetic_can_decide_is_left_open():
    tie = sympy.sin(1) ** 2 + sympy.cos(1) ** 2
    point = Point({x: sympy.Integer(1)})
    assert holds(at_most(tie, x), point) is None
    assert holds(sympy.Or(at_most(tie, x), less(0, x), evaluate=False), point) is True
    assert holds(sympy.And(at_most(tie, x), less(0, x), evaluate=False), point) is None
    assert holds(sympy.And(at_most(tie, x), less(x, 0), evaluate=False), point) is False


@pytest.mark.parametrize(
    ("constant", "sign"),
    [
        (Rational(-1, 7), -1),
        (sympy.Integer(0), 0),
        (pi - Rational(355, 113), -1),
        (cbrt(2) - Rational(5, 4), 1),
        ((1 + sqrt(2)) ** 2 - 3 - 2 * sqrt(2), 0),
        (sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6)), 0),
        (sympy.exp(-100), 1),
        (sympy.gamma(Rational(1, 3)), None),
    ],
    ids=str,
)
def test_the_sign_of_a_constant(constant, sign):
    assert sign_of(constant) == sign


def test_a_number_close_to_zero_is_not_zero():
    assert not is_exactly_zero(sympy.exp(-1000))
    assert not is_exactly_zero(sqrt(2) - sympy.Rational(sympy.sqrt(2).n(60)))


@pytest.mark.parametrize(
    ("values", "admissible"),
    [
        ({a: Rational(1, 2)}, True),
        ({a: sympy.Integer(0)}, False),
        ({n: sympy.Integer(-3)}, True),
        ({n: Rational(1, 2)}, False),
        ({x: sympy.Integer(1), y: sympy.Integer(2), f(x): sympy.Integer(5), f(y): sympy.Integer(6)}, True),
        ({x: sympy.Integer(1), y: sympy.Integer(1), f(x): sympy.Integer(5), f(y): sympy.Integer(6)}, False),
        ({x: sympy.Integer(1), y: sympy.Integer(1), f(x): sympy.Integer(5), f(y): sympy.Integer(5)}, True),
    ],
    ids=str,
)
def test_a_point_is_admissible_if_symbols_and_functions_are_what_they_are_declared(values, admissible):
    assert Point(values).is_admissible() is admissible


def test_a_point_reads_as_an_assignment():
    assert str(Point({x: Rational(1, 2), a: sqrt(2)})) == "x = 1/2, a = sqrt(2) (about 1.41421)"
    assert str(Point({})) == "the constants"

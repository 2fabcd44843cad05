"""The solver's answers, its models as exact numbers, and what happens when it has none."""

import pytest
import sympy
import z3
from sympy import Rational, sqrt

from robustntk.bounds.engines import solver
from robustntk.bounds.engines.solver import Answer, Solution, smt_lib, solve

context = z3.Context()
x, y = z3.Reals("x y", context)


def solved(*formulas, seconds=10):
    return solve(z3, context, formulas, seconds=seconds)


@pytest.mark.parametrize(
    ("formulas", "value"),
    [
        ((3 * x == 2,), Rational(2, 3)),
        ((x * x == 2, x > 0), sqrt(2)),
        ((x * x == 2, x < 0), -sqrt(2)),
        ((2 * x * x == 1, x > 0), sqrt(2) / 2),
        ((1 - x - x * x == 0, x > 0), (sqrt(5) - 1) / 2),
        ((1 - x - x * x == 0, x < 0), -(sqrt(5) + 1) / 2),
    ],
    ids=str,
)
def test_a_model_has_exact_values(formulas, value):
    found = solved(*formulas)
    assert found.answer is Answer.SATISFIABLE
    assert sympy.expand(found.value(x) - value) == 0


def test_a_value_may_be_a_root_of_a_cubic():
    root = solved(x * x * x == x + 5).value(x)
    assert sympy.minimal_polynomial(root, sympy.Symbol("t")) == sympy.Symbol("t") ** 3 - sympy.Symbol("t") - 5


def test_what_has_no_solution_is_unsatisfiable():
    assert solved(x * x + y * y < 2 * x * y) == Solution(Answer.UNSATISFIABLE, "z3")


def test_a_cauchy_schwarz_inequality_beyond_the_decision_procedure_is_found_by_another_strategy():
    left, right = z3.RealVector("u", 4, context), z3.RealVector("v", 4, context)
    products = [a * b for a, b in zip(left, right, strict=True)]
    squares = [z3.Sum([a * a for a in vector]) for vector in (left, right)]
    assert solved(z3.Sum(products) ** 2 > squares[0] * squares[1]).answer is Answer.UNSATISFIABLE


@pytest.mark.parametrize(
    ("opinion", "expected"),
    [
        ("unsat", Solution(Answer.UNSATISFIABLE, "cvc5")),
        ("sat", Solution(Answer.UNKNOWN)),
        ("unknown", Solution(Answer.UNKNOWN)),
        ("missing", Solution(Answer.UNKNOWN)),
    ],
)
def test_only_a_refutation_of_the_other_solver_counts_when_z3_has_no_answer(monkeypatch, opinion, expected):
    monkeypatch.setattr(solver, "solve_with", lambda *arguments, **options: Solution(Answer.UNKNOWN))
    monkeypatch.setattr(solver, "second_opinion", lambda text, seconds: opinion)
    assert solved(x < x) == expected


def test_the_text_asks_one_question():
    text = smt_lib(z3, context, [x < y, y < x])
    assert text.count("(check-sat)") == 1
    assert text.count("(assert") == 2

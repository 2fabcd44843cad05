"""P1 and P2: recorded, evaluated exactly with the user's constants, and never a guarantee."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import (
    P1,
    P2,
    SCALING_LAWS,
    Guarantee,
    InvalidInput,
    Plan,
    Verdict,
    check_consistency,
    scaling_law,
)
from robustntk.bounds.scaling_law import H

ONES = {"width": 1, "dimension": 1, "step_size": 1, "iterations": 1}
numbers = st.fractions(min_value=Fraction(1, 1000), max_value=1000)
counts = st.integers(min_value=1, max_value=10**6)


def ceiling(fraction):
    return -(-fraction.numerator // fraction.denominator)


@given(epsilon=numbers, radius=numbers, depth=counts, dimension=counts, factor=numbers)
def test_p1_is_the_recorded_formula_exactly(epsilon, radius, depth, dimension, factor):
    constants = ONES | {"width": factor, "iterations": 2}
    value = P1.evaluate(epsilon=epsilon, radius=radius, depth=depth, dimension=dimension, constants=constants)
    assert value.width == max(ceiling(factor * radius**9 * depth**16 / epsilon**7), dimension**2)
    assert Fraction(str(value.step_size)) == epsilon / (value.width * depth**2)
    assert value.iterations == ceiling(2 * radius**2 * depth**2 / epsilon**2)


@given(epsilon=numbers, radius=numbers)
def test_p2_is_the_recorded_formula_exactly(epsilon, radius):
    value = P2.evaluate(epsilon=epsilon, radius=radius, constants={"width": 16, "step_size": "1/2", "iterations": 2})
    assert value.width == ceiling(16 * radius**4 / epsilon**2)
    assert Fraction(str(value.step_size)) == epsilon / 2
    assert value.iterations == ceiling(4 * radius**2 / epsilon**2)


def test_p1_works_where_floats_overflow():
    value = P1.evaluate(epsilon=1e-60, radius=2, depth=10**6, dimension=784, constants=ONES)
    assert value.width == 2**9 * 10 ** (16 * 6 + 7 * 60)
    assert value.iterations == 4 * 10 ** (12 + 120)
    assert json.loads(json.dumps(value.to_json()))["width"] == value.width


def test_a_scaling_law_is_no_guarantee():
    value = P1.evaluate(epsilon="0.1", radius=1, depth=3, dimension=10, constants=ONES)
    assert value.kind == "scaling-law"
    assert not isinstance(value, Plan | Guarantee)
    assert value.provenance == "recorded, text not re-read"
    assert "arXiv:1906.07916v2 Theorem 4.1" in value.statement()
    assert "no guarantee" in value.statement()
    assert "a factor H above the record" in value.remark
    assert value.to_json()["kind"] == "scaling-law"


@pytest.mark.parametrize("law", SCALING_LAWS.values(), ids=SCALING_LAWS)
def test_constants_are_never_chosen_silently(law):
    with pytest.raises(InvalidInput, match=f"no constants are given: {law.id} hides width.*give exactly these"):
        law.evaluate(epsilon=1, radius=1, depth=1, dimension=1, constants={})
    with pytest.raises(InvalidInput, match="given for width: "):
        law.evaluate(epsilon=1, radius=1, depth=1, dimension=1, constants={"width": 1})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"epsilon": 0}, "epsilon is 0"),
        ({"radius": -1}, "radius is -1"),
        ({"depth": None}, "depth is missing: P1 depends on"),
        ({"depth": 0}, "depth is 0"),
        ({"constants": ONES | {"width": 0}}, "constant width is 0"),
    ],
)
def test_bad_input_is_named(changes, complaint):
    arguments = {"epsilon": 1, "radius": 1, "depth": 2, "dimension": 3, "constants": ONES} | changes
    with pytest.raises(InvalidInput, match=complaint):
        P1.evaluate(**arguments)


def test_an_unknown_law_lists_the_known_ones():
    assert scaling_law("P1") is P1
    with pytest.raises(InvalidInput, match="'P9': expected one of P1, P2"):
        scaling_law("P9")


def test_the_exponents_of_p1_fit_together_but_for_a_factor_of_the_depth():
    verdicts = [outcome.verdict for _, outcome in check_consistency()]
    assert verdicts == [Verdict.PROVED, Verdict.PROVED, Verdict.PROVED, Verdict.REFUTED]
    (_, last) = check_consistency()[-1]
    assert last.counterexample == H


def test_the_consistency_check_refutes_slightly_wrong_exponents():
    narrower = replace(P1, widths=(P1.widths[0] / H, P1.widths[1]))
    bolder = replace(P1, step_size=P1.step_size * H)
    assert check_consistency(narrower)[0][1].verdict is Verdict.REFUTED
    assert check_consistency(bolder)[1][1].verdict is Verdict.REFUTED
    assert check_consistency(bolder)[2][1].verdict is Verdict.REFUTED

"""P4: recorded, evaluated exactly with the user's constants, and never a guarantee."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, scaling_law
from robustntk.bounds.capacity import vc_lower_bound
from robustntk.bounds.capacity_scaling import P4
from robustntk.bounds.scaling_laws import CAPACITY_LAWS

ONES = {"robust": 1, "plain": 1}
counts = st.integers(1, 10**9)
numbers = st.fractions(min_value=Fraction(1, 1000), max_value=1000)


@given(n=counts, d=counts, robust=numbers, plain=numbers)
def test_p4_is_the_recorded_formula_exactly(n, d, robust, plain):
    value = P4.evaluate(samples=n, dimension=d, constants={"robust": robust, "plain": plain})
    assert value.vc_robust == -(-(robust * n * d).numerator // (robust * n * d).denominator)
    assert value.vc_plain == -(-(plain * n).numerator // (plain * n).denominator)


@given(n=st.integers(2, 10**6), d=st.integers(1, 10**6))
def test_p4_with_one_third_is_implied_by_e5a(n, d):
    value = P4.evaluate(samples=n, dimension=d, constants={"robust": Fraction(1, 3), "plain": 1})
    assert value.vc_robust <= vc_lower_bound(n, d)


def test_a_scaling_law_is_no_guarantee():
    value = P4.evaluate(samples=10, dimension=3, constants=ONES)
    assert value.kind == P4.kind == "scaling-law"
    assert P4.provenance == "recorded, text not re-read"
    assert "arXiv:1906.07916v2 Section 6" in value.statement() and "no guarantee" in value.statement()
    found = json.loads(json.dumps(value.to_json()))
    assert (found["kind"], found["theorem"], found["vc_robust"], found["vc_plain"]) == ("scaling-law", "P4", 30, 10)


def test_it_is_on_record_apart_from_the_laws_of_training():
    assert CAPACITY_LAWS["P4"] is P4
    with pytest.raises(InvalidInput, match="'P4': expected one of P1"):
        scaling_law("P4")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"constants": {}}, "no constants are given: P4 hides robust, plain.*give exactly these"),
        ({"constants": {"robust": 1}}, "constants are given for robust: "),
        ({"constants": ONES | {"plain": 0}}, "constant plain is 0"),
        ({"samples": 0}, "samples is 0"),
        ({"dimension": 1.5}, "dimension is 1.5"),
    ],
)
def test_bad_input_is_named(changes, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        P4.evaluate(**{"samples": 10, "dimension": 3, "constants": ONES} | changes)

"""P3: recorded, evaluated with the user's radius and constants, never a guarantee."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import SCALING_LAWS, InvalidInput, Kind, scaling_law
from robustntk.bounds.existence_scaling import P3

numbers = st.fractions(min_value=Fraction(1, 1000), max_value=1000)


@given(epsilon=numbers, radius=numbers, factor=numbers)
def test_p3_is_the_recorded_formula_exactly(epsilon, radius, factor):
    value = P3.evaluate(
        epsilon=epsilon, radius=radius, constants={"width": factor, "step_size": "1/2", "iterations": 2}
    )
    exact = factor * radius**4 / epsilon**2
    assert value.width == -(-exact.numerator // exact.denominator)
    assert Fraction(str(value.step_size)) == epsilon / 2


def test_p3_is_on_record_and_no_guarantee():
    assert SCALING_LAWS["P3"] is scaling_law("P3") is P3
    value = P3.evaluate(epsilon="1/2", radius=4, constants={"width": 1, "step_size": 1, "iterations": 1})
    assert value.kind is Kind.SCALING_LAW
    assert value.provenance == "recorded, text not re-read"
    assert "arXiv:1906.07916v2 Theorem 5.1" in value.statement()
    assert "no guarantee" in value.statement() and "R is the user's" in value.statement()


def test_the_radius_is_never_chosen_silently():
    with pytest.raises(InvalidInput, match="radius is None|radius is missing"):
        P3.evaluate(epsilon="1/2", radius=None, constants={"width": 1, "step_size": 1, "iterations": 1})

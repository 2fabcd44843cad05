"""A claim is an inequality with its rounding: NaN fails, and falsifying scales the right side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.verify.checking.claim import Claim, Sides, claim

numbers = st.floats(-10.0, 10.0)


def holds(sides: Sides, factor: float = 1.0) -> bool:
    return Claim("E1/x", "", st.none, lambda case: sides, factor).holds(None)


@given(numbers, numbers, st.floats(0.0, 1.0))
def test_a_claim_holds_where_the_left_side_is_at_most_the_right_one(lhs: float, rhs: float, rounding: float) -> None:
    assert holds(Sides(lhs, rhs, rounding)) == (rhs + rounding - lhs >= 0.0)


@pytest.mark.parametrize("sides", [Sides(np.nan, 1.0), Sides(0.0, np.nan), Sides([0.0, np.nan], 1.0)])
def test_nan_fails(sides: Sides) -> None:
    assert not holds(sides)
    assert np.isnan(sides.ratio())


def test_one_instance_that_fails_is_enough() -> None:
    assert holds(Sides([1.0, 2.0], [1.0, 2.0]))
    assert not holds(Sides([1.0, 2.1], [1.0, 2.0]))


def test_a_falsified_claim_has_a_smaller_right_side_and_falsifying_twice_is_worse() -> None:
    made = claim("E1.a/x", "1 <= 1.1", st.none)(lambda case: Sides(1.0, 1.1))
    assert made.holds(None)
    assert made.theorem == "E1.a"
    assert not made.falsified().holds(None)
    assert made.falsified(0.95).holds(None)
    assert not made.falsified(0.95).falsified(0.95).holds(None)


def test_the_ratio_is_the_largest_and_takes_the_rounding_off() -> None:
    assert Sides([1.0, 3.0], [2.0, 4.0]).ratio() == 0.75
    assert Sides([1.0, 3.0], [2.0, 4.0], 1.0).ratio() == 0.5
    assert Sides([1.0, 3.0], [2.0, 4.0]).ratio(0.5) == 1.5
    assert Sides(1.0, 0.0).ratio() == np.inf
    assert Sides(0.0, 0.0).ratio() == 0.0

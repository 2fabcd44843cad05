"""Printed bounds are bounds."""

import math
import sys
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.kernels.spectrum.directed_decimals import rounded_down, rounded_up


@given(st.floats(-1e100, 1e100), st.integers(1, 15))
@example(1e-05, 3)
@example(-0.999999999, 6)
@example(2.2250738585e-313, 12)
@example(-5e-324, 3)
@example(math.nextafter(sys.float_info.min, 0.0), 6)
@example(sys.float_info.min, 1)
def test_what_is_printed_is_on_the_right_side_and_near(value: float, digits: int) -> None:
    exact, low, high = Fraction(value), Fraction(rounded_down(value, digits)), Fraction(rounded_up(value, digits))
    assert low <= exact <= high
    assert high - low <= abs(exact) * Fraction(10) ** (1 - digits)


def test_nearest_digits_would_be_on_the_wrong_side() -> None:
    assert (f"{1.9999999:.6g}", rounded_down(1.9999999)) == ("2", "1.99999")
    assert (f"{1.0000001:.6g}", rounded_up(1.0000001)) == ("1", "1.00001")
    assert (rounded_down(-1.0000001), rounded_up(-1.9999999)) == ("-1.00001", "-1.99999")


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (2.5, "2.5"), (-0.125, "-0.125"), (math.inf, "inf")])
def test_exact_decimals_stay(value: float, text: str) -> None:
    assert rounded_down(value) == rounded_up(value) == text

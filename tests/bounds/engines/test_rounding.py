"""Directed rounding of rationals to significant digits."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds.engines.rounding import round_down, round_up


@given(number=st.fractions(), scale=st.integers(-40, 40), digits=st.integers(1, 30))
@example(number=Fraction(0), scale=0, digits=3)
@example(number=Fraction(-1), scale=0, digits=1)
@example(number=Fraction(10**9 - 1, 10**9), scale=0, digits=2)
def test_rounding_is_directed_short_and_close(number, scale, digits):
    number *= Fraction(10) ** scale
    low, high = (Fraction(int(end.p), int(end.q)) for end in (round_down(number, digits), round_up(number, digits)))
    assert low <= number <= high
    assert high - low <= Fraction(10) ** (1 - digits) * abs(number)
    for end in (low, high):
        while end and end.denominator > 1:
            end *= 10
        assert len(str(abs(end.numerator)).rstrip("0")) <= digits + 1

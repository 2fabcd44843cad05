"""The search for a step size: close to the best one, wherever it starts, and never where there is no bound."""

import math

from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.bounds.exact import exact
from robustntk.bounds.step_search import best_step

positive = st.fractions(min_value="1/10000", max_value=10**6, max_denominator=10**5)


@given(decreasing=positive, increasing=positive, start=positive)
def test_the_least_of_a_regret_is_found_to_one_part_in_a_million(decreasing, increasing, start):
    """a/x + b x is least at sqrt(a/b), where it is 2 sqrt(a b)."""

    def cost(step):
        return float(decreasing) / float(step) + float(increasing) * float(step)

    step = best_step(cost, exact(start))
    assert step.is_Rational
    assert cost(step) <= 2 * math.sqrt(decreasing * increasing) * (1 + 1e-6)


@given(decreasing=positive, largest=positive)
def test_step_sizes_without_a_bound_are_passed_by(decreasing, largest):
    """a/x falls up to the largest step size with a bound, which is approached."""

    def cost(step):
        if step >= exact(largest):
            raise InvalidInput("too large")
        return float(decreasing) / float(step)

    step = best_step(cost, exact(largest) / 100)
    assert 0.99 * largest < step < exact(largest)

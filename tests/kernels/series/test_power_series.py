"""Series with nonnegative coefficients, evaluated with as few terms as each argument needs."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.kernels.series.power_series import PowerSeries

coefficients = st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 10)), min_size=1, max_size=60)


@given(coefficients, st.lists(st.floats(-1, 1), min_size=1, max_size=20))
@example([0.0] * 7, [0.5])
@example([0.0, 1.0, 0.0, 2.0], [1.0, -1.0, 0.0])
@example([3.0] * 60, [0.49, -0.51, 0.97, 1.0])
def test_values(coefficients: list[float], points: list[float]) -> None:
    series, u = PowerSeries(tuple(coefficients)), np.array(points)
    exact = np.polynomial.polynomial.polyval(u, coefficients)
    size = np.polynomial.polynomial.polyval(np.abs(u), coefficients)
    assert (np.abs(series(u) - exact) <= 1e-14 * size).all()
    assert (np.abs(np.asarray(series(jnp.asarray(u), jnp)) - exact) <= 1e-5 * size + 1e-30).all()


@given(coefficients, st.floats(0, 1))
def test_the_quotient_at_one(coefficients: list[float], u: float) -> None:
    series = PowerSeries(tuple(coefficients))
    difference = float(series(np.float64(1))) - float(series(np.float64(u)))
    quotient = float(series.quotient_at_one()(np.float64(u)))
    assert (1 - u) * quotient == pytest.approx(difference, rel=1e-9, abs=1e-12 * sum(coefficients))


def test_shortening_accounts_for_what_it_drops() -> None:
    series = PowerSeries(tuple(0.5**n for n in range(100)))
    short, dropped = series.shortened()
    assert len(short.coefficients) < 60
    assert 0 < dropped < 1e-16
    assert dropped == pytest.approx(sum(series.coefficients[len(short.coefficients) :]))


def test_few_terms_suffice_for_small_arguments_and_all_are_used_for_large_ones() -> None:
    """Coefficients that fall slowly: near 1 the last term matters, and is there."""
    series = PowerSeries((1.0,) * 400)
    assert float(series(np.float64(1))) == 400
    assert float(series(np.float64(-0.3))) == pytest.approx(1 / 1.3, rel=1e-15)


def test_parity() -> None:
    assert PowerSeries((0.0, 1.0, 0.0, 2.0)).parity == 1
    assert PowerSeries((1.0, 0.0, 2.0)).parity == 0
    assert PowerSeries((1.0, 2.0)).parity is None

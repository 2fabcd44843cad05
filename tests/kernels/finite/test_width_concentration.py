"""The deviation of K_m promised before the draw: held by draws, and not to be had with a better constant."""

import doctest
from math import log, sqrt

import numpy as np
import pytest
from mpmath import mp, mpf

import robustntk.kernels.finite.width_concentration
from robustntk.bounds import Activation, InvalidInput
from robustntk.bounds.activation import z as symbol
from robustntk.kernels import SymmetricInitialisation, dual_kernel, empirical_gram, gram
from robustntk.kernels.finite.width_concentration import entry_deviation_bound


def sphere(n: int, d: int) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["relu", "erf", "tanh", "gelu", "sin_cos"])
def test_draws_keep_to_the_bound_as_often_as_promised(name: str) -> None:
    X, width, draws = sphere(5, 3), 64, 400
    K, U = gram(dual_kernel(name), X), np.abs(X @ X.T)
    ratios = np.array(
        [
            np.max(np.abs(empirical_gram(SymmetricInitialisation(width, 3, seed), name, X) - K) / U)
            for seed in range(draws)
        ]
    )
    for failure in ("0.5", "0.1", "0.01"):
        kept = np.mean(ratios <= entry_deviation_bound(name, 5, width, failure=failure))
        assert kept >= 1 - float(failure)
    # An eighth of it is not what the draws keep to.
    assert np.mean(ratios <= entry_deviation_bound(name, 5, width, failure="0.01") / 8) < 1 - 0.01


def test_a_width_smaller_by_a_twentieth_is_refuted_exactly() -> None:
    """sigma = |z|, x and z all but orthogonal: sigma'(w x) sigma'(w z) = +-1 with probability about 1/2, and the exact
    probability of a deviation above t is a binomial sum. It keeps to eta, but not where t is that of the width 1.05 m.
    """
    activation = Activation.define("absolute", abs(symbol))
    width, failure, angle = 200_000, mpf(10) ** -60, mp.acos(mpf("0.001"))
    t = mpf(entry_deviation_bound(activation, 2, width, failure="1e-60"))
    falsified = mpf(entry_deviation_bound(activation, 2, 2 * round(1.05 * width / 2), failure="1e-60"))
    assert deviation_probability(width // 2, 1 - angle / mp.pi, t) <= failure
    assert deviation_probability(width // 2, 1 - angle / mp.pi, falsified) > failure


def deviation_probability(count: int, p: mpf, t: mpf) -> mpf:
    """P(|mean of `count` signs, + with probability p, minus 2 p - 1| >= t), term by term from the end inwards."""
    above, below = mp.ceil(count * (p + t / 2)), mp.floor(count * (p - t / 2))
    return binomial_tail(count, int(above), p) + binomial_tail(count, int(count - below), 1 - p)


def binomial_tail(count: int, least: int, p: mpf) -> mpf:
    term = mp.exp(mp.loggamma(count + 1) - mp.loggamma(least + 1) - mp.loggamma(count - least + 1))
    term *= p**least * (1 - p) ** (count - least)
    total, k = mpf(0), least
    while k <= count and term > total * mpf(10) ** -30:
        total += term
        term *= mpf(count - k) / (k + 1) * p / (1 - p)
        k += 1
    return total


def test_the_formula_is_the_one_of_the_theorem_rounded_upwards() -> None:
    plain = 2 * (2 / sqrt(np.pi)) ** 2 * sqrt(log(30 * 31 / 0.05) / 1000)
    bound = entry_deviation_bound("erf", 30, 1000, failure="0.05")
    exact = 2 * (4 / mp.pi) * mp.sqrt(mp.log(mpf(30 * 31 * 20)) / 1000)
    assert mpf(bound) >= exact > mpf(np.nextafter(bound, 0))
    assert abs(bound / plain - 1) < 1e-14
    assert entry_deviation_bound("erf", 30, 4000, failure="0.05") == pytest.approx(bound / 2, rel=1e-15)


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.finite.width_concentration, optionflags=doctest.ELLIPSIS)
    assert result.attempted == 1 and result.failed == 0


def test_refusals() -> None:
    for arguments, failure, message in [
        (("quadratic_relu", 3, 10), "0.1", "quadratic_relu: its derivative is not bounded"),
        (("erf", 0, 10), "0.1", "points is 0"),
        (("erf", 3, 9), "0.1", "width is 9: expected a positive even integer"),
        (("erf", 3, 10), 0, "failure is 0"),
        (("erf", 3, 10), 1, "failure is 1"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            entry_deviation_bound(*arguments, failure=failure)

"""Derivatives of kernels by their variances, against differences of 60-digit references."""

import doctest
import itertools
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

import robustntk.kernels.any_norm.variance_gradient
from robustntk.bounds import InvalidInput
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.any_norm.variance_gradient import variance_gradient
from robustntk.kernels.architecture import Architecture, fully_connected, paper_network

# Relative to the derivatives on the diagonal; measured: at most 2.4e-14 (erf and sin at depth 3 and 5).
ACCURACY = 1e-13
STEP = sympy.Rational(1, 10**12)
NAMES = ("weight_variances", "bias_variances")


def points() -> np.ndarray:
    """Of several norms; equal, opposite, near-identical and zero ones among them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2, 4))
    return np.vstack([X, X[0], -1.5 * X[0], X[0] + 1e-8 * rng.standard_normal(4), np.zeros(4)])


def difference(reference: ModuleType, architecture: Architecture, which: str, x: np.ndarray, z: np.ndarray) -> mpf:
    """The derivative by the logarithm of a common factor, to 20 digits."""
    values = []
    for sign in (1, -1):
        variances = tuple(variance * (1 + sign * STEP) for variance in getattr(architecture, which))
        values.append(reference.kernel(replace(architecture, **{which: variances}), x, z))
    return (values[0] - values[1]) / (2 * mpf(1) / 10**12)


def exact_derivatives(reference: ModuleType, architecture: Architecture) -> dict[tuple[int, int, int], mpf]:
    """In both directions at all pairs of points."""
    X = points()
    with mp.workdps(60):
        return {
            (i, j, direction): difference(reference, architecture, which, X[i], X[j])
            for direction, which in enumerate(NAMES)
            for i, j in itertools.combinations_with_replacement(range(len(X)), 2)
        }


def largest_error(exact: dict[tuple[int, int, int], mpf], found: np.ndarray) -> float:
    """Relative to the larger of both derivatives on the diagonal; NaN is infinite."""
    worst = 0.0
    for (i, j, direction), value in exact.items():
        size = max(abs(exact[i, i, direction]), abs(exact[j, j, direction]))
        error = float(abs(mpf(float(found[i, j, direction])) - value) / (size if size else 1))
        worst = max(worst, error if error == error else np.inf)
    return worst


@pytest.mark.parametrize("name", ["relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos"])
@pytest.mark.parametrize("depth", [1, 3])
def test_derivatives_are_right_at_all_pairs(deep_reference: ModuleType, name: str, depth: int) -> None:
    networks = [
        fully_connected(name, depth, trained="all", weight_variance="3/2", bias_variance="1/5"),
        fully_connected(name, depth, trained="readout", bias_variance="1/3"),
        fully_connected(name, depth, trained="all", bias_variance="1/3", parametrization="standard", width=7),
    ]
    for architecture in networks:
        found, exact = variance_gradient(architecture, points()), exact_derivatives(deep_reference, architecture)
        assert largest_error(exact, found) <= ACCURACY
        assert largest_error(exact, found * (1 + 1e-12)) > ACCURACY


@pytest.mark.parametrize("name", ["relu", "quadratic_relu"])
def test_networks_that_begin_otherwise(deep_reference: ModuleType, name: str) -> None:
    paper = paper_network(2, 10, name)
    assert largest_error(exact_derivatives(deep_reference, paper), variance_gradient(paper, points())) <= ACCURACY
    mixed = fully_connected(["erf", name], trained="all", bias_variance="1/5")
    # The ReLU feels the angle, of which the correlation of smooth outputs knows half the digits at a distance of 1e-8.
    assert largest_error(exact_derivatives(deep_reference, mixed), variance_gradient(mixed, points())) <= 1e-6


def test_series_against_differences() -> None:
    """Of the sixth order, accurate to 1e-11 here; a derivative that is wrong by 1e-9 is refuted."""
    X, step = points() / 2, 0.01
    for name in ("tanh", "softplus", "sigmoid"):
        architecture = fully_connected(name, 2, trained="all", bias_variance="1/5")
        found = variance_gradient(architecture, X)
        for direction, which in enumerate(NAMES):
            difference = np.zeros(found.shape[:2])
            for k, weight in ((1, 45), (2, -9), (3, 1)):
                for sign in (1, -1):
                    factor = sympy.Float(np.exp(sign * k * step), 17)
                    variances = tuple(sympy.Rational(each * factor) for each in getattr(architecture, which))
                    K = ntk_matrix(replace(architecture, **{which: variances}), X)
                    difference += sign * weight * K / (60 * step)
            assert np.abs(found[:, :, direction] - difference).max() <= 1e-9 * np.abs(difference).max()
            wrong = found[:, :, direction] * (1 + 3e-9)
            assert not np.abs(wrong - difference).max() <= 1e-9 * np.abs(difference).max()


def test_many_points_give_what_few_give() -> None:
    """Blocks, threads and padding change nothing; the result is exactly symmetric."""
    X = np.random.default_rng(2).standard_normal((400, 6))
    for name in ("relu", "erf"):
        architecture = fully_connected(name, 2, trained="all", bias_variance="1/5")
        found = variance_gradient(architecture, X)
        assert np.array_equal(found, found.transpose(1, 0, 2))
        chosen = np.array([0, 57, 200, 201, 399])
        part = found[np.ix_(chosen, chosen)]
        np.testing.assert_allclose(part, variance_gradient(architecture, X[chosen]), rtol=1e-12, atol=1e-13)


def test_no_biases_no_derivative_by_them() -> None:
    found = variance_gradient(fully_connected("relu", 2), points())
    assert np.all(found[:, :, 1] == 0)
    # Without biases K is proportional to the product of the three variances of which it knows.
    K = ntk_matrix(fully_connected("relu", 2), points())
    np.testing.assert_allclose(found[:, :, 0], 3 * K, rtol=1e-14, atol=1e-15)


def test_wrong_points_are_refused() -> None:
    with pytest.raises(InvalidInput, match="row 1 of X"):
        variance_gradient(fully_connected("relu", 1), np.array([[1.0], [np.nan]]))


def test_relu_needs_no_jax() -> None:
    code = """
import sys, numpy
from robustntk.kernels.architecture import fully_connected
from robustntk.kernels.any_norm.variance_gradient import variance_gradient
variance_gradient(fully_connected("relu", 2), numpy.eye(2))
print("jax" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.any_norm.variance_gradient)
    assert result.attempted > 1
    assert result.failed == 0

"""Enclosures from vectors: they hold the 60-digit reference, and a narrower one does not."""

from types import ModuleType

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from robustntk.bounds import InvalidInput
from robustntk.kernels import (
    Architecture,
    deep_kernel,
    fully_connected,
    gram,
    gram_enclosure,
    ntk_enclosure,
    pair_enclosure,
)

NETWORKS = [
    fully_connected("relu", 5, trained="all", weight_variance=2),
    fully_connected("erf", 3, bias_variance="0.1"),
    fully_connected("quadratic_relu"),
    fully_connected("sin_cos", 2, trained="readout"),
]


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def exact(module: ModuleType, network: Architecture, x: np.ndarray, z: np.ndarray) -> mpf:
    with mp.workdps(90):
        left, right = ([mpf(float(entry)) for entry in vector] for vector in (x, z))
        cosine = mp.fdot(left, right) / mp.sqrt(mp.fdot(left, left) * mp.fdot(right, right))
        return module.of_covariance(network, mpf(1), mpf(1), cosine, digits=90)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.label)
@pytest.mark.parametrize("distance", [1.0, -1.0, 1e-3, 1e-10, 1e-12, -1e-9])
def test_a_pair_is_enclosed(deep_reference: ModuleType, network: Architecture, distance: float) -> None:
    """Negative distances stand for nearly opposite vectors."""
    x, direction = sphere(2, 7)
    z = np.copysign(1, distance) * (x + abs(distance) * direction)
    ball, value = pair_enclosure(network, x, 4 * z), exact(deep_reference, network, x, z)
    with ctx.workprec(300):
        assert ball.overlaps(arb(mp.nstr(value, 70)) + arb(0, 1e-45))
        assert float(ball.rad()) <= 1e-30 * float(ntk_enclosure(network, 1))
        moved = value + mpf(float(ntk_enclosure(network, 1))) * mpf(10) ** -25
        assert not ball.overlaps(arb(mp.nstr(moved, 70)) + arb(0, 1e-45))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.label)
def test_equal_and_opposite_directions_are_decided_exactly(network: Architecture) -> None:
    x = sphere(1, 5)[0]
    assert pair_enclosure(network, x, 2 * x).overlaps(ntk_enclosure(network, 1))
    assert pair_enclosure(network, x, -4 * x).overlaps(ntk_enclosure(network, -1))


@given(seed=st.integers(0, 10**6), distance=st.sampled_from([1.0, 1e-2, 1e-6, 1e-10]), single=st.booleans())
def test_the_matrix_encloses_every_pair(seed: int, distance: float, single: bool) -> None:
    network = NETWORKS[seed % len(NETWORKS)]
    X = sphere(3, 6, seed)
    X[1] = X[0] + distance * X[1]
    X[1] /= np.linalg.norm(X[1])
    dtype = np.float32 if single else np.float64
    enclosure = gram_enclosure(deep_kernel(network), X, dtype=dtype)
    for i in range(3):
        for j in range(3):
            ball = pair_enclosure(network, X[i], X[j])
            assert enclosure.lower[i, j] <= float(ball.lower())
            assert float(ball.upper()) <= enclosure.upper[i, j]
    assert 0 < enclosure.width <= 3e4 * np.finfo(dtype).eps * deep_kernel(network).at_one


def test_a_matrix_without_its_margin_encloses_nothing() -> None:
    network, X = NETWORKS[0], sphere(6, 6)
    K = gram(deep_kernel(network), X)
    missed = [not pair_enclosure(network, X[i], X[j]).contains(arb(float(K[i, j]))) for i in range(6) for j in range(i)]
    assert all(missed)


def test_lengths_are_counted() -> None:
    X = sphere(4, 6)
    longer = X * (1 + 5e-13)
    assert gram_enclosure(deep_kernel("erf"), longer).width > 2 * gram_enclosure(deep_kernel("erf"), X).width


def test_refusals() -> None:
    with pytest.raises(InvalidInput, match="x has 2 entries and z has 3"):
        pair_enclosure(NETWORKS[0], [1.0, 0.0], [1.0, 0.0, 0.0])
    with pytest.raises(InvalidInput, match="not all 0"):
        pair_enclosure(NETWORKS[0], [0.0, 0.0], [1.0, 0.0])
    with pytest.raises(InvalidInput, match="finite numbers"):
        pair_enclosure(NETWORKS[0], [1.0, float("nan")], [1.0, 0.0])

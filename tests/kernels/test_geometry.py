"""Angles between vectors whose cosine has lost them."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from robustntk.bounds import InvalidInput
from robustntk.kernels import angles, pair_angles, unit_rows


def exact_angle(x: np.ndarray, z: np.ndarray) -> mpf:
    left, right = ([mpf(float(entry)) for entry in vector] for vector in (x, z))
    product = mp.fdot(left, right) / mp.sqrt(mp.fdot(left, left) * mp.fdot(right, right))
    return mp.acos(product)


@given(st.floats(-9, 0.3), st.booleans(), st.integers(1, 40))
@example(-8.0, False, 1)
@example(-8.0, True, 1)
@example(0.0, False, 1)
def test_angle_and_supplement_have_full_relative_accuracy(exponent: float, antipodal: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, direction = np.linalg.qr(rng.standard_normal((9, 2)))[0].T
    angle = 10.0**exponent
    z = np.cos(angle) * x + np.sin(angle) * direction
    x, z = (x / np.linalg.norm(x))[None], (z / np.linalg.norm(z))[None]
    z = -z if antipodal else z
    pair = pair_angles(x, z)
    with mp.workdps(50):
        exact = exact_angle(x[0], z[0])
        for value, expected in ((pair.angle, exact), (pair.supplement, mp.pi - exact)):
            assert float(abs(mpf(float(value[0, 0])) - expected) / expected) <= 2e-14
        if exponent < -7.5:
            # What this module is for: the cosine alone does not know the small one of the two.
            from_cosine = np.arccos(abs(float(pair.cosine[0, 0])))
            assert float(abs(from_cosine - min(exact, mp.pi - exact)) / min(exact, mp.pi - exact)) > 1e-9


def test_one_set_of_points_has_a_symmetric_matrix_with_an_exact_diagonal() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X[3] = X[1]
    U, theta = angles(X)
    assert np.array_equal(U, U.T) and np.array_equal(theta, theta.T)
    assert np.array_equal(np.diag(U), np.ones(6)) and np.array_equal(np.diag(theta), np.zeros(6))
    assert theta[1, 3] == 0
    np.testing.assert_allclose(np.cos(theta), X @ X.T, atol=1e-15)


def test_many_near_pairs_are_visited_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X = np.eye(3)[0] + 1e-6 * rng.standard_normal((30, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    at_once = pair_angles(X).angle
    monkeypatch.setattr("robustntk.kernels.geometry._ENTRIES_AT_ONCE", 21)
    assert np.array_equal(pair_angles(X).angle, at_once)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[1.0, 0], [0.6, 0.7]]), "row 1 of X has norm 0.92"),
        (np.array([[np.nan, 0], [1, 0]]), "row 0 of X has norm nan"),
        (np.array([1.0, 0]), "X has shape"),
    ],
)
def test_rows_that_are_not_unit_vectors_are_named(X: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        unit_rows(X)
    with pytest.raises(InvalidInput, match="X has 2 columns and Z has 3"):
        angles(np.eye(2), np.eye(3))

"""Identities of matrices: equal for the same matrix only, and the difference is named."""

from dataclasses import fields, replace

import numpy as np
import pytest

from robustntk.kernels.blocks.identity import MatrixIdentity, points_digest

IDENTITY = MatrixIdentity.of_this_version(
    kernel="a kernel",
    profile="0f",
    dtype="float64",
    rows=5,
    columns=5,
    dimension=3,
    block=2,
    points="a1",
    other_points=None,
)


def test_the_digest_knows_every_entry_and_the_shape() -> None:
    X = np.random.default_rng(0).standard_normal((7, 3))
    found = {points_digest(X), points_digest(X.T), points_digest(X.reshape(3, 7)), points_digest(X[:-1])}
    for row in range(7):
        for column in range(3):
            other = X.copy()
            other[row, column] = np.nextafter(other[row, column], 2)
            found.add(points_digest(other))
    assert len(found) == 4 + 21


def test_the_digest_is_that_of_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of their layout in memory, nor of how many rows are read at once."""
    X = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    whole = points_digest(X)
    assert points_digest(np.asfortranarray(X, dtype=np.float64)) == whole
    monkeypatch.setattr("robustntk.kernels.blocks.identity._ENTRIES_AT_ONCE", 6)
    assert points_digest(X) == whole


@pytest.mark.parametrize("name", [field.name for field in fields(MatrixIdentity)])
def test_any_other_value_is_a_difference(name: str) -> None:
    recorded = IDENTITY.to_json()
    assert IDENTITY.difference(recorded) is None
    other = replace(IDENTITY, **{name: "something else"})
    difference = other.difference(recorded)
    assert difference is not None and "something else" in difference and repr(recorded[name]) in difference
    del recorded[name]
    assert "no record" in str(IDENTITY.difference(recorded))

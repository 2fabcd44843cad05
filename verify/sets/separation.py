"""Sets of opposite labels that meet: no function is robust on both, so they are refused before any work is done."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .cap import SphericalCap, check_labels, nearest_opposite
from .protocol import EnclosingCaps, PerturbationSet

Array = NDArray[np.float64]
# Alternating projections between two sets before the search for a common direction is given up.
_ROUNDS = 200
_STILL = 1e-13
_BLOCK = 512  # rows whose angles to all others are held at once


def check_separation(perturbations: PerturbationSet, centers: Float[Array, "n k"], y: Float[Array, " n"]) -> float:
    """The smallest angle between embedded centres of opposite labels; refuses sets that are known to meet.

    Caps are decided exactly (`SphericalCap.check_separation`). For other sets each row is tried with the row of
    opposite label whose enclosing cap comes nearest: a point of the sphere that is found in both sets is a proof that
    they meet. Nothing is claimed if none is found: the certificate of a margin decides.

    Args:
        perturbations: ``B``.
        centers: in the coordinates of the sets.
        y: labels +-1.

    Returns:
        the separation in radians on the sphere that the data live on; infinite when only one label occurs.

    Raises:
        InvalidInput: labels other than +1 and -1, a row whose set has no enclosing cap, or sets of opposite labels
            that meet: the message names the two rows (counted from 0).
    """
    if isinstance(perturbations, SphericalCap):
        return perturbations.check_separation(centers, y)
    check_labels(centers, y)
    points, caps = perturbations.enclosing_caps(centers)
    if len(set(y.tolist())) < 2:
        return math.inf
    unit = _directions(points, caps)
    pairs = _nearest_pairs(unit, np.array([cap.angle for cap in caps]), y)
    meets = common_direction(perturbations, centers[pairs[:, 0]], centers[pairs[:, 1]])
    if meets.any():
        first, second = sorted(int(row) for row in pairs[np.argmax(meets)])
        raise InvalidInput(
            f"rows {first} and {second} have opposite labels, and their perturbation sets share a point of the sphere: "
            "expected smaller sets"
        )
    return nearest_opposite(unit, y)[0]


def common_direction(
    perturbations: PerturbationSet, left: Float[Array, "p k"], right: Float[Array, "p k"]
) -> NDArray[np.bool_]:
    """Pairs of rows whose sets were found to share a point of the sphere, shape (p,); False proves nothing.

    Alternating projections; in feature space one of the two sets is scaled at every step by the factor that brings
    the points nearest to each other, since only directions count there.
    """
    rays = perturbations.space == "features"
    on_left, on_right, scale = left, right, np.ones((len(left), 1))
    for _ in range(_ROUNDS):
        before = on_left
        if rays:
            scale = _ratio(on_left, on_right)
        on_right = np.asarray(perturbations.project(scale * on_left, right))
        if rays:
            scale = _ratio(on_left, on_right)
        on_left = np.asarray(perturbations.project(on_right / scale, left))
        if np.all(np.abs(on_left - before) <= _STILL * np.abs(before)):
            break
    # Where they agree one point serves both: it lies in the right set, and its multiple in the left one.
    return np.asarray(perturbations.contains(on_right / scale, left) & perturbations.contains(on_right, right))


def _ratio(numerator: Array, denominator: Array) -> Array:
    """The factor t > 0 that brings ``t * numerator`` nearest to ``denominator``; 1 where there is none."""
    along = np.sum(numerator * denominator, axis=1, keepdims=True)
    return np.asarray(np.where(along > 0.0, along / np.sum(numerator**2, axis=1, keepdims=True), 1.0))


def _directions(points: Array, caps: EnclosingCaps) -> Array:
    """Unit vectors of the coordinates that move."""
    moving = points if caps[0].bias is None else points[:, :-1]
    return np.asarray(moving / np.linalg.norm(moving, axis=1, keepdims=True))


def _nearest_pairs(unit: Array, reach: Array, y: Array) -> NDArray[np.int64]:
    """For every row the one of opposite label to which the gap between the enclosing caps is smallest, shape (n, 2).

    Only pairs whose caps meet are listed: others cannot share a point.
    """
    pairs = []
    for start in range(0, len(unit), _BLOCK):
        rows = slice(start, start + _BLOCK)
        angles = np.arccos(np.clip(unit[rows] @ unit.T, -1.0, 1.0))
        gaps = np.where(np.equal.outer(y[rows], y), np.inf, angles - reach[rows, None] - reach)
        nearest = np.argmin(gaps, axis=1)
        # arccos is good to 1e-8 near 0; a pair too many costs nothing.
        meeting = np.flatnonzero(gaps[np.arange(len(nearest)), nearest] <= 1e-7)
        pairs.append(np.stack([start + meeting, nearest[meeting]], axis=1))
    return np.concatenate(pairs)

"""The gap 1 - rho between the outputs sigma(a), sigma(b) of a smooth activation, for a ReLU that comes later.

Uncentred: rho = E[sigma(a) sigma(b)] / sqrt(r s), r = E[sigma(a)^2], s = E[sigma(b)^2]. Far from 1 it is a difference.
Close to 1 it has two nonnegative parts, of which neither is one: that of the norms, for which a and b are parallel,

    1 - E[sigma(sqrt(v) x) sigma(sqrt(w) x)]/sqrt(r s) = 1/2 E[(sigma(sqrt(v) x)/sqrt(r) - sigma(sqrt(w) x)/sqrt(s))^2],

and that of the angle, (1/sqrt(r s)) int E[sigma' sigma'] dc from c to sqrt(v w), since the integrand is the derivative
by c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...bounds import Activation
from ..activation_function import numeric
from .preactivation_pair import PreactivationPair

if TYPE_CHECKING:
    from .covariance_map import CovarianceMap

__all__ = ["smooth_gaps"]

# Above it the difference is right to 1e-16/gap, so that the angle is to 1e-16/sqrt(2 gap).
_CLOSE = 1e-3
# Each close pair takes a few hundred numbers.
_PAIRS_AT_ONCE = 2048
# The slope is analytic around this short interval: eight points are enough for 16 digits.
_ABSCISSAE, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_STEP, _REACH = 1 / 8, 12
_NODES = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
_DENSITY = _STEP * np.exp(-(_NODES**2) / 2) / np.sqrt(2 * np.pi)


def smooth_gaps(map_: CovarianceMap, activation: Activation, pair: PreactivationPair) -> tuple[Any, Any]:
    """1 - rho and 1 + rho of the outputs; both 1 where an output is 0."""
    xp = pair.xp
    left, right = pair.features or (None, None)
    square, other = map_.square(pair.variance, left, xp=xp), map_.square(pair.other_variance, right, xp=xp)
    root = xp.sqrt(square) * xp.sqrt(other)
    vanishes = root == 0
    rho = xp.where(vanishes, 0, xp.clip(map_.covariance(pair) / (root + vanishes), -1, 1))
    gap = _refined(map_, activation, pair, root, 1 - rho)
    supplement = _refined(map_, activation, pair.opposed(), root, 1 + rho) if map_.odd else 1 + rho
    return gap, supplement


def _refined(map_: CovarianceMap, activation: Activation, pair: PreactivationPair, root: Any, difference: Any) -> Any:
    """`difference`, and the sum of the two parts where the pair is close; NumPy computes these only there."""
    if pair.xp is not np:
        close = (pair.gap < _CLOSE) & (root > 0)
        near = pair.at_gap(pair.xp.where(close, pair.gap, 0))
        parts = _parts(map_, activation, near, pair.xp.where(close, root, 1))
        return pair.xp.where(close, parts, difference)
    rows, columns = np.nonzero((pair.gap < _CLOSE) & (root > 0))
    if len(rows):
        difference = np.array(difference)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        i, j = rows[start : start + _PAIRS_AT_ONCE], columns[start : start + _PAIRS_AT_ONCE]
        difference[i, j] = _parts(map_, activation, _taken(pair, i, j), root[i, j])
    return difference


def _taken(pair: PreactivationPair, rows: Any, columns: Any) -> PreactivationPair:
    """Some pairs of a table, in a row."""
    features = None
    if pair.features is not None:
        left, right = pair.features
        features = (
            left[:, :, rows if left.shape[2] > 1 else 0, 0, ...],
            right[:, :, 0, columns if right.shape[3] > 1 else 0],
        )
        features = tuple(each if each.ndim == 3 else each[:, :, None] for each in features)
    return PreactivationPair(
        np,
        np.broadcast_to(pair.variance, pair.gap.shape)[rows, columns],
        np.broadcast_to(pair.other_variance, pair.gap.shape)[rows, columns],
        pair.covariance[rows, columns],
        pair.gap[rows, columns],
        pair.supplement[rows, columns],
        features,
    )


def _parts(map_: CovarianceMap, activation: Activation, pair: PreactivationPair, root: Any) -> Any:
    integral = 0 * pair.gap
    for abscissa, weight in zip(_ABSCISSAE.tolist(), _WEIGHTS.tolist(), strict=True):
        integral = integral + weight / 2 * map_.slope(pair.at_gap(pair.gap * ((1 + abscissa) / 2)))
    return _of_norms(activation, pair) + pair.root * pair.gap * integral / root


def _of_norms(activation: Activation, pair: PreactivationPair) -> Any:
    xp = pair.xp
    if xp is np and np.array_equal(pair.variance, pair.other_variance):
        return 0 * pair.gap
    function = numeric(activation, 0, xp)
    profiles = []
    for variance in (pair.variance, pair.other_variance):
        values = function(xp.sqrt(variance)[..., None] * xp.asarray(_NODES, dtype=variance.dtype))
        profiles.append(values / xp.sqrt((values * values) @ xp.asarray(_DENSITY, dtype=variance.dtype))[..., None])
    difference = profiles[0] - profiles[1]
    return (difference * difference) @ xp.asarray(_DENSITY, dtype=pair.gap.dtype) / 2

"""The kernel of a deep network from layer to layer, for tables of pairs of points of any norm (theory section 4).

With z_l the preactivations of layer l and c_l their covariance at the two points (architecture.py has s_l, t_l, p_l,
q_l),

    c_1 = s_1^2 <x, x'> + t_1^2,    c_{l+1} = s_{l+1}^2 E[sigma_l sigma_l] + t_{l+1}^2,
    K_1 = p_1 <x, x'> + q_1,        K_{l+1} = s_{l+1}^2 E[sigma_l' sigma_l'] K_l + p_{l+1} E[sigma_l sigma_l] + q_{l+1}

(Jacot, Gabriel and Hongler, Neural tangent kernel, 2018, theorem 1). Variances belong to one point each, so they are
found once for every point; the rest belongs to pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import InvalidInput
from ...bounds.exact import nearest_float
from ..architecture import Architecture
from .covariance_map import CovarianceMap, Linear, covariance_map
from .hermite_map import HermiteMap
from .preactivation_pair import PreactivationPair, affine
from .rectified_power import RectifiedPower

__all__ = ["Layers", "PointLayer"]

# The product of two variances must not overflow.
_LARGEST_VARIANCE = 1e150


@dataclass(frozen=True)
class PointLayer:
    """At every point the variance of one layer's preactivations, and what its activation wants to know of it."""

    variance: Float[np.ndarray, " n"]
    features: Float[np.ndarray, "2 terms m"] | None

    def rows(self, part: slice) -> PointLayer:
        features = self.features
        if features is not None and features.shape[2] > 1:
            features = features[:, :, part]
        return PointLayer(self.variance[part], features)


@dataclass(frozen=True)
class Layers:
    """An architecture in floating point. `contributions` are (p_l, q_l), `maps` those of the hidden layers."""

    maps: tuple[CovarianceMap, ...]
    weights: tuple[float, ...]
    biases: tuple[float, ...]
    contributions: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, architecture: Architecture) -> Layers:
        return cls(
            maps=tuple(covariance_map(activation) for activation in architecture.activations),
            weights=tuple(nearest_float(variance) for variance in architecture.weight_variances),
            biases=tuple(nearest_float(variance) for variance in architecture.bias_variances),
            contributions=tuple((nearest_float(p), nearest_float(q)) for p, q in architecture.layer_weights),
        )

    @property
    def degree(self) -> int | None:
        """P if the network is positively homogeneous of degree P in the input, else None."""
        if any(self.biases):
            return None
        degree = 1
        for map_ in self.maps:
            if isinstance(map_, RectifiedPower):
                degree *= map_.power
            elif not isinstance(map_, Linear):
                return None
        return degree

    def points(self, squares: Float[np.ndarray, " n"]) -> list[PointLayer]:
        """All hidden layers at points of these squared norms. Raises InvalidInput where a variance exceeds 1e150."""
        found: list[PointLayer] = []
        squares = np.asarray(squares, dtype=np.float64)
        for number, (map_, weight, bias) in enumerate(zip(self.maps, self.weights, self.biases, strict=False), start=1):
            variance = weight * squares + bias
            wrong = ~(variance <= _LARGEST_VARIANCE)
            if wrong.any():
                raise InvalidInput(
                    f"the variance of layer {number} reaches {variance[np.argmax(wrong)]:.6g}: expected at most "
                    f"{_LARGEST_VARIANCE:g}, points of smaller norm"
                )
            features = map_.features(variance) if isinstance(map_, HermiteMap) else None
            found.append(PointLayer(variance, features))
            with np.errstate(over="ignore"):
                squares = map_.square(variance[:, None], _upright(features))[:, 0]
        return found

    def kernel(
        self, inputs: PreactivationPair, points: tuple[Sequence[PointLayer], Sequence[PointLayer]] | None = None
    ) -> Any:
        """The kernel at all pairs of `inputs`: squared norms (n, 1) and (1, p), products (n, p) of points, and gaps.

        `points` are those of `Layers.points` for the rows and the columns, for activations that want features.
        """
        p, q = self.contributions[0]
        kernel = p * inputs.covariance + q if p or q else None
        pair = affine(inputs, self.weights[0], self.biases[0])
        for index, map_ in enumerate(self.maps):
            if points is not None:
                pair = replace(pair, features=_features(points, index))
            covariance = map_.covariance(pair)
            p, q = self.contributions[index + 1]
            weight, bias = self.weights[index + 1], self.biases[index + 1]
            own = p * covariance + q if p or q else None
            carried = None if kernel is None else weight * (map_.slope(pair) * kernel)
            kernel = _added(carried, own)
            if index + 1 < len(self.maps):
                pair = affine(self._outputs(index, pair, covariance), weight, bias)
        return kernel

    def _outputs(self, index: int, pair: PreactivationPair, covariance: Any) -> PreactivationPair:
        """The pair of outputs of layer index + 1; with gaps if an activation further on feels the angle."""
        map_ = self.maps[index]
        left, right = pair.features or (None, None)
        square = map_.square(pair.variance, left, xp=pair.xp)
        other = map_.square(pair.other_variance, right, xp=pair.xp)
        gap = supplement = None
        if not all(later.smooth for later in self.maps[index + 1 :]):
            gap, supplement = map_.gaps(pair)
        return PreactivationPair(pair.xp, square, other, covariance, gap, supplement)


def _added(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one if other is None else other
    return one + other


def _features(points: tuple[Sequence[PointLayer], Sequence[PointLayer]], index: int) -> tuple[Any, Any] | None:
    left, right = (side[index].features for side in points)
    if left is None or right is None:
        return None
    return left[:, :, :, None], right[:, :, None, :]


def _upright(features: Float[np.ndarray, "2 terms m"] | None) -> Any:
    return None if features is None else features[:, :, :, None]

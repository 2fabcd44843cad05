"""How the kernel of a deep network changes with its weight variances and its bias variances: exact derivatives.

Those by a and b at 0, where all weight variances are multiplied by exp(a) and all bias variances by exp(b): what the
marginal likelihood of a Gaussian process wants to know. They follow the kernel from layer to layer (`layer_recursion`
has the formulas, here each by the product rule), with the gap 1 - rho of every pair beside variances and covariance, so
that they are right near the diagonal, too.

>>> from robustntk.kernels.architecture import fully_connected
>>> variance_gradient(fully_connected("relu", 1), np.array([[0.6, 0.8]]))[0, 0].tolist()  # of s_1^2 s_2^2 / 2
[1.0, 0.0]
"""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
from jaxtyping import Float

from ..architecture import Architecture
from .covariance_map import CovarianceMap, Linear
from .hermite_map import HermiteMap
from .layer_recursion import Layers
from .matrix import Points, input_pairs, row_blocks
from .preactivation_pair import PreactivationPair, affine
from .rectified_power import RectifiedPower

__all__ = ["variance_gradient", "with_fixed_series"]

Values = Float[Any, "*shape"]
# Compiled functions see arrays of few different lengths.
_LENGTHS = (1 << 8, 1 << 12, 1 << 16)


def variance_gradient(architecture: Architecture, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n n 2"]:
    """The derivatives of K(X, X) by the logarithm of all weight variances, then by that of all bias variances.

    Float64, exactly symmetric; the last is 0 without biases. Computed on two threads, each of which takes some 60
    arrays of 65536 entries beside the result. Raises InvalidInput as `ntk_matrix` does.
    """
    points = Points.of(X, name="X")
    layers = with_fixed_series(Layers.of(architecture), points.squares)
    rates = _Rates.of(architecture, layers)
    n = len(points.rows)
    result = np.empty((n, n, 2))

    def fill(rows: slice) -> None:
        columns = slice(rows.start, n)
        pairs = input_pairs(points.part(rows), points.part(columns))
        with np.errstate(under="ignore"):
            changes = np.moveaxis(_kernel_changes(layers, rates, pairs), 0, -1)
        result[rows, columns] = changes
        square = result[rows, rows]
        lower = np.tril_indices(len(square), -1)
        square[lower] = square.transpose(1, 0, 2)[lower]
        result[rows.stop :, rows] = result[rows, rows.stop :].transpose(1, 0, 2)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(fill, row_blocks(n, n, symmetric=True)))
    return result


def with_fixed_series(layers: Layers, squares: Float[np.ndarray, " n"]) -> Layers:
    """The same layers with series long enough for points of these squared norms, which then need no `features`."""
    maps = (
        map_ if layer.features is None else HermiteMap(map_.activation, layer.features.shape[1])  # type: ignore[attr-defined]
        for map_, layer in zip(layers.maps, layers.points(squares), strict=True)
    )
    return replace(layers, maps=tuple(maps))


@dataclass(frozen=True)
class _Rates:
    """The derivatives of s_l^2, t_l^2, p_l and q_l for every layer, in both directions."""

    weights: Float[np.ndarray, "layers 2 1 1"]
    biases: Float[np.ndarray, "layers 2 1 1"]
    inner: Float[np.ndarray, "layers 2 1 1"]
    constant: Float[np.ndarray, "layers 2 1 1"]

    @classmethod
    def of(cls, architecture: Architecture, layers: Layers) -> _Rates:
        # In the standard parametrization p_l and q_l are widths and ones.
        moving = float(architecture.parametrization == "ntk")
        inner, constant = (moving * np.array(each) for each in zip(*layers.contributions, strict=True))
        by_weights, by_biases = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        return cls(
            *(
                (np.array(each)[:, None] * direction)[:, :, None, None]
                for each, direction in (
                    (layers.weights, by_weights),
                    (layers.biases, by_biases),
                    (inner, by_weights),
                    (constant, by_biases),
                )
            )
        )


@dataclass(frozen=True)
class _Change:
    """The derivatives of v, w, c and the gap of many pairs: arrays like these with a first axis for the direction.

    The gap is None where no activation further on feels the angle.
    """

    variance: Values
    other_variance: Values
    covariance: Values
    gap: Values | None


def _kernel_changes(layers: Layers, rates: _Rates, inputs: PreactivationPair) -> Float[np.ndarray, "2 n p"]:
    """The derivatives of `Layers.kernel`."""
    numbers = (inputs.variance, inputs.other_variance, inputs.covariance, inputs.gap)
    still = _Change(*(np.zeros((2, *each.shape)) for each in numbers))
    p, q = layers.contributions[0]
    kernel = p * inputs.covariance + q
    by_kernel = rates.inner[0] * inputs.covariance + rates.constant[0]
    pair, change = _affine(layers, rates, 0, inputs, still)
    for index, map_ in enumerate(layers.maps):
        later = index + 1
        covariance, slope = map_.covariance(pair), map_.slope(pair)
        by_covariance, by_slope = _changes_of_moments(map_, pair, change, covariance, slope)
        p, q = layers.contributions[later]
        weight = layers.weights[later]
        carried = (rates.weights[later] * slope + weight * by_slope) * kernel + weight * slope * by_kernel
        by_kernel = carried + rates.inner[later] * covariance + p * by_covariance + rates.constant[later]
        kernel = weight * slope * kernel + p * covariance + q
        if later < len(layers.maps):
            angle = not all(following.smooth for following in layers.maps[later:])
            outputs, by_outputs = _outputs(map_, pair, change, (covariance, slope, by_covariance), angle=angle)
            pair, change = _affine(layers, rates, later, outputs, by_outputs)
    return np.asarray(by_kernel)


def _affine(
    layers: Layers, rates: _Rates, layer: int, pair: PreactivationPair, change: _Change
) -> tuple[PreactivationPair, _Change]:
    """Preactivations of a layer from outputs (or inputs), as `preactivation_pair.affine`."""
    weight, bias = layers.weights[layer], layers.biases[layer]
    dweight, dbias = rates.weights[layer], rates.biases[layer]
    following = affine(pair, weight, bias)
    moved = _Change(
        weight * change.variance + dweight * pair.variance + dbias,
        weight * change.other_variance + dweight * pair.other_variance + dbias,
        weight * change.covariance + dweight * pair.covariance + dbias,
        change.gap,
    )
    if not bias or change.gap is None:
        return following, moved
    # gap' = (B/S + weight r gap)/R with B = weight bias (sqrt(v) - sqrt(w))^2, S = R + weight r + bias.
    inner, outer = weight * pair.root, following.root
    by_inner = dweight * pair.root + inner * _relative(pair, change.variance, change.other_variance)
    by_outer = outer * _relative(following, moved.variance, moved.other_variance)
    roots = np.sqrt(pair.variance), np.sqrt(pair.other_variance)
    apart = roots[0] - roots[1]
    by_apart = _over(change.variance, 2 * roots[0]) - _over(change.other_variance, 2 * roots[1])
    by_product = dweight * bias + weight * dbias
    by_between = by_product * apart**2 + 2 * weight * bias * apart * by_apart
    total, by_total = outer + inner + bias, by_outer + by_inner + dbias
    quotient = by_between / total - weight * bias * (apart / total) ** 2 * by_total
    by_gap = (quotient + by_inner * pair.gap + inner * change.gap - following.gap * by_outer) / outer
    return following, replace(moved, gap=by_gap)


def _outputs(
    map_: CovarianceMap,
    pair: PreactivationPair,
    change: _Change,
    moments: tuple[Values, Values, Values],
    *,
    angle: bool,
) -> tuple[PreactivationPair, _Change]:
    """The pair of outputs of a layer, from E[sigma sigma], E[sigma' sigma'] and the change of the first."""
    covariance, slope, by_covariance = moments
    outputs = PreactivationPair(np, map_.square(pair.variance), map_.square(pair.other_variance), covariance)
    by_square = _change_of_square(map_, pair.variance, change.variance)
    by_other = _change_of_square(map_, pair.other_variance, change.other_variance)
    moved = _Change(by_square, by_other, by_covariance, None)
    if not angle:
        return outputs, moved
    gap, supplement = map_.gaps(pair)
    outputs = replace(outputs, gap=gap, supplement=supplement)
    if isinstance(map_, RectifiedPower):
        by_gap = change.gap * _over(pair.root * slope, outputs.root)
    elif isinstance(map_, Linear):
        by_gap = change.gap
    else:
        by_gap = outputs.correlation * _relative(outputs, by_square, by_other) - _over(by_covariance, outputs.root)
    return outputs, replace(moved, gap=by_gap)


def _change_of_square(map_: CovarianceMap, variance: Values, change: Values) -> Values:
    if isinstance(map_, RectifiedPower):
        return map_.power * _over(change, variance) * map_.square(variance)
    return _tangents(map_, PreactivationPair.equal(variance), change, change, change)[0]


def _changes_of_moments(
    map_: CovarianceMap, pair: PreactivationPair, change: _Change, covariance: Values, slope: Values
) -> tuple[Values, Values]:
    """Of E[sigma sigma] and E[sigma' sigma']."""
    if not isinstance(map_, RectifiedPower):
        return _tangents(map_, pair, change.variance, change.other_variance, change.covariance)
    # (v w)^(n/2) J_n of the angle: homogeneous in v and w, and dJ_n/drho = n^2 J_(n-1), dJ_0/drho = 1/sin(theta).
    relative = _relative(pair, change.variance, change.other_variance)
    by_covariance = map_.power * relative * covariance - pair.root * slope * change.gap
    if map_.power == 1:
        return by_covariance, -(map_.scale**2 / (2 * np.pi)) * _over(change.gap, pair.sine)
    lower = RectifiedPower(map_.power - 1, map_.scale).slope(pair)
    turned = (map_.scale * map_.power) ** 2 * pair.root * lower * change.gap
    return by_covariance, (map_.power - 1) * relative * slope - turned


def _relative(pair: PreactivationPair, variance: Values, other: Values) -> Values:
    """The relative change of sqrt(v w)."""
    return (_over(variance, pair.variance) + _over(other, pair.other_variance)) / 2


def _over(numerator: Values, denominator: Values) -> Values:
    """The quotient, 0 where the denominator is 0."""
    vanishes = denominator == 0
    quotient: Values = np.where(vanishes, 0, numerator / (denominator + vanishes))
    return quotient


def _tangents(
    map_: CovarianceMap, pair: PreactivationPair, dv: Values, dw: Values, dc: Values
) -> tuple[Values, Values]:
    """The rules that a smooth activation has for its own expectations."""
    if isinstance(map_, (HermiteMap, Linear)):
        return map_.tangent("covariance", pair, dv, dw, dc), map_.tangent("slope", pair, dv, dw, dc)
    import jax

    tangents = _compiled(cast(Hashable, map_))
    at = np.broadcast_arrays(pair.variance, pair.other_variance, pair.covariance)
    along = np.broadcast_arrays(dv, dw, dc)
    size = at[0].size
    found = np.empty((2, 2, size))
    length = next((each for each in _LENGTHS if each >= size), _LENGTHS[-1])
    with jax.enable_x64(True):
        for start in range(0, size, length):
            part = slice(start, start + length)
            missing = max(start + length - size, 0)
            flat = [_filled(each.reshape(-1)[part], missing) for each in at]
            moves = [_filled(each.reshape(2, -1)[:, part], missing) for each in along]
            found[:, :, part] = np.stack(tangents(flat, moves))[:, :, : length - missing]
    return found[0].reshape(along[0].shape), found[1].reshape(along[0].shape)


def _filled(array: Values, missing: int) -> Values:
    """Longer by copies of the last entry."""
    widths = [(0, 0)] * (array.ndim - 1) + [(0, missing)]
    return np.pad(array, widths, mode="edge") if missing else array


@lru_cache(maxsize=32)
def _compiled(map_: Any) -> Any:
    import jax
    import jax.numpy as jnp

    def tangents(at: list[Any], move: list[Any]) -> tuple[Any, Any]:
        pair = PreactivationPair(jnp, *at)
        return map_.tangent("covariance", pair, *move), map_.tangent("slope", pair, *move)

    return jax.jit(jax.vmap(tangents, in_axes=(None, 0)))

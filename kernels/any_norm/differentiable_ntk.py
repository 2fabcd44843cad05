"""Deep kernels at points of any norm for jax: one pair under jit, vmap and grad; gradients of kernel functions.

Values come from the recursion of `layer_recursion` in jax.numpy; derivatives from the rules that every activation has
for its own expectations (`CovarianceMap.tangent`), since automatic differentiation through angles gives NaN where
points are parallel. Gaps are held fixed: they say the same as variances and covariance, only more accurately.

>>> import jax
>>> import jax.numpy as jnp
>>> from robustntk.kernels.architecture import fully_connected
>>> slope = jax.jit(jax.grad(ntk_pair(fully_connected("erf", 1))))
>>> x = jnp.array([0.6, 0.8])
>>> slope(x, x).shape, bool(jnp.all(jnp.isfinite(slope(x, x))))
((2,), True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ...bounds import InvalidInput
from ..architecture import Architecture
from .covariance_map import CovarianceMap
from .hermite_map import HermiteMap
from .layer_recursion import Layers, PointLayer
from .matrix import Points, checked_points, input_pairs, point_layers, row_blocks
from .preactivation_pair import PreactivationPair
from .rectified_power import RectifiedPower

if TYPE_CHECKING:
    import jax

__all__ = ["ntk_gradient", "ntk_pair"]

_ENTRIES_AT_ONCE = 1 << 18
# On this grid of norms a series is made long enough; the variances in between are not larger by much.
_NORMS_TRIED = 33


def ntk_pair(
    architecture: Architecture, *, largest_norm: float = 1.0
) -> Callable[[Float[Any, " d"], Float[Any, " d"]], Float[Any, ""]]:
    """K(x, z) as a function that works under jit, vmap and grad, in the floating-point type of x and z.

    Gradients are right also at x = z, at zero vectors and at opposite ones wherever the kernel is differentiable there;
    where it has a kink in the angle (ReLU at x = z) they are the mean of those from opposite sides, and finite. At a
    distance r of x and z the gradient of such a kernel loses digits: its relative error is about the unit roundoff over
    r. `largest_norm` matters to activations without closed form only: how long a series is made; beyond it the result
    is NaN. Raises InvalidInput unless largest_norm > 0, and where a series would be too long.
    """
    if not 0 < largest_norm < np.inf:
        raise InvalidInput(f"largest_norm is {largest_norm}: expected a positive number")
    layers = Layers.of(architecture)
    lengths = _lengths(layers.points(np.linspace(0, largest_norm, _NORMS_TRIED) ** 2))
    layers = _differentiable(layers, lengths)

    def kernel(x: Float[Any, " d"], z: Float[Any, " d"]) -> Float[Any, ""]:
        import jax.numpy as jnp

        x, z = jnp.asarray(x), jnp.asarray(z)
        value = layers.kernel(_of_vectors(x, z))
        if not any(lengths):
            return value
        return jnp.where(jnp.maximum(x @ x, z @ z) <= largest_norm**2 * (1 + 1e-6), value, jnp.nan)

    return kernel


def ntk_gradient(
    architecture: Architecture,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"],
    coefficients: Float[np.ndarray, " p"],
) -> Float[np.ndarray, "n d"]:
    """The gradient of f = sum_j c_j K(., z_j) at every row of X, in float64.

    In the points it is 2 x df/dv + sum_j df/dc_j z_j for the squared norm v and the inner products c_j. Where the
    kernel has no derivative, and near such pairs, the same holds as for `ntk_pair`. Compiled at the first call for an
    architecture and a shape. Raises InvalidInput as `ntk_matrix` does, or for coefficients of another shape than (p,).
    """
    left, right = checked_points(X, Z)
    coefficients = np.asarray(coefficients, dtype=np.float64)
    if coefficients.shape != (len(right.rows),):
        raise InvalidInput(
            f"coefficients have shape {coefficients.shape}: expected ({len(right.rows)},), one for each row of Z"
        )
    import jax

    layers = Layers.of(architecture)
    of_points, _ = point_layers(layers, left, right)
    result = np.empty(left.rows.shape)
    with jax.enable_x64(True):
        slopes = _compiled(architecture, _lengths(of_points))
        blocks = row_blocks(len(left.rows), len(right.rows), entries=_ENTRIES_AT_ONCE)
        for rows in blocks:
            block = _filled(left.part(rows), blocks[0].stop)
            pairs = input_pairs(block, right)
            arrays = (pairs.variance, pairs.other_variance, pairs.covariance, pairs.gap, pairs.supplement)
            by_variance, by_covariance = (np.asarray(each) for each in slopes(*arrays, coefficients))
            height = rows.stop - rows.start
            result[rows] = 2 * by_variance[:height] * left.rows[rows] + by_covariance[:height] @ right.rows
    return result


def _filled(block: Points, height: int) -> Points:
    """Zero rows below, up to that height, so that all blocks have one shape."""
    missing = height - len(block.rows)
    if not missing:
        return block
    return Points(np.pad(block.rows, ((0, missing), (0, 0))), np.pad(block.squares, (0, missing)))


@lru_cache(maxsize=32)
def _compiled(architecture: Architecture, lengths: tuple[int | None, ...]) -> Callable[..., Any]:
    """(df/dv, df/dc) of f = sum_ij c_j K_ij as a compiled function of v, w, c, gap, supplement and c_j."""
    import jax
    import jax.numpy as jnp

    layers = _differentiable(Layers.of(architecture), lengths)

    def total(v: Any, c: Any, w: Any, gap: Any, supplement: Any, coefficients: Any) -> Any:
        return jnp.sum(layers.kernel(PreactivationPair(jnp, v, w, c, gap, supplement)) @ coefficients)

    gradient = jax.grad(total, argnums=(0, 1))
    return jax.jit(lambda v, w, c, gap, supplement, given: gradient(v, c, w, gap, supplement, given))


def _lengths(points: Sequence[PointLayer]) -> tuple[int | None, ...]:
    """How long the series of every layer is, None for a closed form."""
    return tuple(None if layer.features is None else layer.features.shape[1] for layer in points)


def _differentiable(layers: Layers, lengths: tuple[int | None, ...]) -> Layers:
    """The same layers with maps that know their derivatives, and series of these lengths."""
    maps = (
        replace(map_, terms=length) if isinstance(map_, HermiteMap) else map_
        for map_, length in zip(layers.maps, lengths, strict=True)
    )
    return replace(layers, maps=tuple(_Differentiable(map_) for map_ in maps))


def _of_vectors(x: jax.Array, z: jax.Array) -> PreactivationPair:
    """Squared norms, inner product and gaps of two vectors; gaps near 0 from the difference of the vectors."""
    import jax
    import jax.numpy as jnp

    pair = PreactivationPair(jnp, x @ x, z @ z, x @ z)
    x, z = jax.lax.stop_gradient((x, z))
    fixed = PreactivationPair(jnp, x @ x, z @ z, x @ z)
    vanishes = fixed.root == 0
    cosine = jnp.clip(fixed.correlation, -1, 1)
    sign = jnp.where(cosine < 0, -1, 1).astype(x.dtype)
    apart = sign * z - x
    across = apart - x * (x @ apart / (fixed.variance + vanishes))
    sine = jnp.minimum(across @ across / (fixed.other_variance + vanishes), 1)
    small = sine / (1 + jnp.sqrt(1 - sine))
    near, far = jnp.where(jnp.abs(cosine) > 0.95, small, 1 - jnp.abs(cosine)), 1 + jnp.abs(cosine)
    near, far = jnp.where(vanishes, 1, near), jnp.where(vanishes, 1, far)
    return replace(pair, gap=jnp.where(sign > 0, near, far), supplement=jnp.where(sign > 0, far, near))


@dataclass(frozen=True)
class _Differentiable:
    """A map whose expectations have their derivatives by v, w and c as rules; gaps are held fixed."""

    inner: CovarianceMap

    @property
    def smooth(self) -> bool:
        return self.inner.smooth

    @property
    def odd(self) -> bool:
        return self.inner.odd

    def square(self, variance: Any, features: Any = None, *, xp: Any = np) -> Any:
        if isinstance(self.inner, RectifiedPower):
            return self.inner.square(variance, features, xp=xp)
        return self.covariance(PreactivationPair.equal(variance, features, xp=xp))

    def covariance(self, pair: PreactivationPair) -> Any:
        return self._evaluate("covariance", pair)

    def slope(self, pair: PreactivationPair) -> Any:
        return self._evaluate("slope", pair)

    def gaps(self, pair: PreactivationPair) -> tuple[Any, Any]:
        import jax

        numbers = (pair.variance, pair.other_variance, pair.covariance, pair.gap, pair.supplement)
        v, w, c, gap, supplement = jax.lax.stop_gradient(numbers)
        return self.inner.gaps(PreactivationPair(pair.xp, v, w, c, gap, supplement))

    def tangent(self, which: str, pair: PreactivationPair, dv: Any, dw: Any, dc: Any) -> Any:
        return self.inner.tangent(which, pair, dv, dw, dc)

    def _evaluate(self, which: str, pair: PreactivationPair) -> Any:
        import jax

        xp, inner = pair.xp, self.inner

        @jax.custom_jvp
        def expectation(v: Any, w: Any, c: Any, gap: Any, supplement: Any) -> Any:
            return getattr(inner, which)(PreactivationPair(xp, v, w, c, gap, supplement))

        @expectation.defjvp
        def tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
            v, w, c, gap, supplement = primals
            gap, supplement = _following(v, w, c, gap, supplement)
            at = PreactivationPair(xp, v, w, c, gap, supplement)
            return expectation(*primals), inner.tangent(which, at, *tangents[:3])

        fixed = jax.lax.stop_gradient((pair.gap, pair.supplement))
        return expectation(pair.variance, pair.other_variance, pair.covariance, *fixed)


def _following(v: Any, w: Any, c: Any, gap: Any, supplement: Any) -> tuple[Any, Any]:
    """The gaps, with the derivatives of 1 - c/sqrt(v w) and 1 + c/sqrt(v w): for derivatives of higher order."""
    import jax
    import jax.numpy as jnp

    if gap is None:
        return None, None

    @jax.custom_jvp
    def known(v: Any, w: Any, c: Any) -> tuple[Any, Any]:
        return gap, supplement

    @known.defjvp
    def tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
        values = known(*primals)
        pair = PreactivationPair(jnp, primals[0], primals[1], primals[2], values[0], values[1])
        vanishes = pair.root == 0
        dv, dw, dc = tangents
        relative = dv / (pair.variance + vanishes) + dw / (pair.other_variance + vanishes)
        turned = jnp.where(vanishes, 0, dc / (pair.root + vanishes) - pair.correlation * relative / 2)
        return values, (-turned, turned)

    return known(v, w, c)

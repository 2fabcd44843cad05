"""Kernel functions and two-layer networks as sums of ridge functions, with quadratics below them on many small caps.

Both are ``f(x) = sum_j o_j phi(v_j.x)``: a network with ``v_r = w_r`` and ``o_r = a_r / sqrt(m)``, a kernel function
with ``v_j = z_j``, ``o_j = c_j`` and ``phi = kappa``. On a cap of angle rho around a centre c of the sphere of radius
r, ``x' = c + t - h n`` with t tangential, ``|t| <= R = r sin(rho)`` and ``low |t|^2 <= h <= high |t|^2``, see
`cap_model`. Ridge by ridge, with ``b = v.c`` and ``a = v.(x' - c)``,

    s o (phi(b + a) - phi(b)) >= s o (phi' a + phi'' a^2 / 2 + phi''' a^3 / 6) - |o| bend a^2,

where ``bend`` goes to 0 with rho (`ridge_profiles`). The sums of the first terms are exact, so they cancel between
ridges as f does; the cubic form is bounded by its Frobenius norm, and all that is small by a multiple of ``|t|^2``.
What is left is a quadratic in t that is exact up to ``O(rho) |t|^2``: that order closes gaps with few caps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ..predictors import KernelPredictor, TwoLayerNetwork
from ..sets.cap import SphericalCap
from .ridge_profiles import RidgeProfile, kernel_profile, network_profile

_EPSILON = float(np.finfo(np.float64).eps)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class TangentQuadratics:
    """``constant + gradient.t + t' curvature t / 2`` below ``s f(c + t - h n)`` on each small cap.

    Shapes (count,), (count, k), (count, k, k), in the k coordinates that may move. The gradient is tangential; the
    curvature also has n as an eigenvector, with some eigenvalue that does not matter. Rounding is in the constant.
    """

    constant: Array
    gradient: Array
    curvature: Array

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Which of them say anything, shape (count,)."""
        tilt = np.isfinite(self.gradient).all(axis=1)
        return np.asarray(np.isfinite(self.constant) & tilt & np.isfinite(self.curvature).all(axis=(1, 2)))

    def rows(self, chosen: NDArray[np.bool_]) -> TangentQuadratics:
        """Some of the quadratics."""
        return TangentQuadratics(self.constant[chosen], self.gradient[chosen], self.curvature[chosen])


@dataclass(frozen=True)
class RidgeSum:
    """``f(x) = sum_j outputs_j phi(moving_j.x_moving + fixed_j)``; ``fixed`` is the share of a bias coordinate.

    Shapes (count, k), (count,), (count,), float64.
    """

    moving: Array
    fixed: Array
    outputs: Array
    profile: RidgeProfile
    radius: float

    @classmethod
    def of(cls, function: KernelPredictor | TwoLayerNetwork, cap: SphericalCap) -> RidgeSum:
        """The function on the sphere that the cap lies on.

        Raises:
            InvalidInput: for an activation without a Lipschitz derivative.
        """
        if isinstance(function, KernelPredictor):
            vectors, outputs = function.centers, function.coefficients
            profile: RidgeProfile = kernel_profile(function.kernel)
        else:
            vectors = np.asarray(function.weights, np.float64)
            outputs = np.asarray(function.signs, np.float64) / math.sqrt(len(vectors))
            profile = network_profile(function.activation)
        if cap.bias is None:
            return cls(vectors, np.zeros(len(vectors)), outputs, profile, cap.radius)
        return cls(np.ascontiguousarray(vectors[:, :-1]), vectors[:, -1] * cap.bias, outputs, profile, cap.radius)

    @property
    def size(self) -> int:
        """The number of ridges."""
        return len(self.outputs)

    def values(self, directions: Float[Array, "count k"]) -> Float[Array, " count"]:
        """f at unit vectors of the sphere, in floating point: see `rounding`."""
        return np.asarray(self.profile.values(self._arguments(directions)) @ self.outputs)

    def quadratics(self, directions: Float[Array, "count k"], angle: float, sign: float) -> TangentQuadratics:
        """Quadratics below ``sign f`` on the caps of that angle, below pi/2, around ``radius * directions``."""
        reach = self.radius * math.sin(angle) * (1.0 + 16.0 * _EPSILON)
        high = (1.0 + 16.0 * _EPSILON) / (self.radius * (1.0 + math.cos(angle)))
        low = (1.0 - 16.0 * _EPSILON) * 0.5 / self.radius
        arguments = self._arguments(directions)
        stretch = self._stretch(directions, high * reach)
        outputs = sign * self.outputs
        ridges = self.profile.expand(arguments, stretch * reach, outputs)
        gradient = (outputs * ridges.slope) @ self.moving
        hessian = ((outputs * ridges.curvature) @ self._products[0])[:, self._products[1]]
        loss = 2.0 * np.sum(np.abs(outputs) * ridges.bend * stretch**2, axis=1)
        if ridges.third is not None:
            cubic = ((outputs * ridges.third) @ self._cubes[0])[:, self._cubes[1]]
            loss = loss + _cubic_loss(cubic, directions, reach, high) / 3.0
        constant = ridges.value @ outputs - self.rounding(arguments)
        return _tangent_quadratics(constant, gradient, hessian, loss, directions, reach, (low, high))

    def rounding(self, arguments: Float[Array, "count size"]) -> Float[Array, " count"]:
        """What rounding may do to f, and to all of a quadratic on caps of angle below pi/2.

        Standard model: sums of N terms are off by N roundings of the sum of their sizes; an argument is off by k + 1
        roundings of ``|v|``, which moves ``phi^(i)`` by at most that times a bound of ``phi^(i+1)``.
        """
        lengths = self._lengths + 1.0
        size = self.profile.sizes(arguments, lengths) @ np.abs(self.outputs)
        relative = self.profile.relative_error + 4.0 * (self.size + 8.0 * self.moving.shape[1] + 64.0) * _EPSILON
        return np.asarray(4.0 * relative * size)

    def _arguments(self, directions: Array) -> Array:
        return np.asarray(self.radius * (directions @ self.moving.T) + self.fixed)

    def _stretch(self, directions: Array, tilt: float) -> Array:
        """The least known e with ``|v.(x' - c)| <= e |t|``: ``|v_T| + |v.n| h / |t|``, rounded up."""
        normal = np.abs(directions @ self.moving.T)
        pad = 16.0 * self.moving.shape[1] * _EPSILON * self._lengths**2
        tangential = np.sqrt(np.maximum(self._lengths**2 - normal**2, 0.0) + pad)
        return np.asarray((tangential + normal * tilt) * (1.0 + 8.0 * _EPSILON))

    @cached_property
    def _lengths(self) -> Array:
        """``|v_j|``, rounded up, with the bias coordinate's share."""
        return np.asarray(np.sqrt(np.sum(self.moving**2, axis=1) + self.fixed**2) * (1.0 + 16.0 * _EPSILON))

    @cached_property
    def _products(self) -> tuple[Array, NDArray[np.int64]]:
        """Products of two coordinates of v, each once, and where they belong in a (k, k) matrix."""
        return _monomials(self.moving, 2)

    @cached_property
    def _cubes(self) -> tuple[Array, NDArray[np.int64]]:
        return _monomials(self.moving, 3)


def _monomials(vectors: Array, degree: int) -> tuple[Array, NDArray[np.int64]]:
    """Distinct products of ``degree`` coordinates, shape (count, distinct), and their places in the full tensor."""
    k = vectors.shape[1]
    grid = np.stack(np.meshgrid(*[np.arange(k)] * degree, indexing="ij"), axis=-1)
    ordered = np.sort(grid, axis=-1).reshape(-1, degree)
    distinct, places = np.unique(ordered, axis=0, return_inverse=True)
    products = np.prod(vectors[:, distinct], axis=2)
    return products, places.reshape((k,) * degree)


def _cubic_loss(cubic: Array, directions: Array, reach: float, high: float) -> Array:
    """A bound of ``|C[p, p, p]| / |t|^2`` for ``p = t - h n``, by Frobenius norms."""
    whole = np.linalg.norm(cubic.reshape(len(cubic), -1), axis=1)
    tangential = cubic
    for _ in range(3):
        along = np.einsum("nabc,nc->nab", tangential, directions)
        tangential = tangential - along[..., None] * directions[:, None, None, :]
        tangential = np.moveaxis(tangential, 3, 1)
    within = np.linalg.norm(tangential.reshape(len(cubic), -1), axis=1) + 64.0 * _EPSILON * whole
    drop = high * reach**2
    return np.asarray(
        (within * reach + whole * (3.0 * drop + 3.0 * high * reach * drop + high * drop**2)) * (1.0 + 1e-12)
    )


def _tangent_quadratics(
    constant: Array,
    gradient: Array,
    hessian: Array,
    loss: Array,
    directions: Array,
    reach: float,
    drops: tuple[float, float],
) -> TangentQuadratics:
    """``gradient.p + p' hessian p / 2 - loss |t|^2 / 2`` at ``p = t - h n`` from below, as in `cap_model`."""
    low, high = drops
    normal_slope = np.sum(gradient * directions, axis=1)
    column = np.einsum("nab,nb->na", hessian, directions)
    normal_curvature = np.sum(column * directions, axis=1)
    mixed = column - normal_curvature[:, None] * directions
    isotropic = -2.0 * normal_slope * np.where(normal_slope > 0.0, high, low)
    isotropic -= 2.0 * high * reach * np.linalg.norm(mixed, axis=1)
    isotropic += np.minimum(0.0, normal_curvature) * high * high * reach**2 - loss * (1.0 + 1e-9)
    outer = mixed[:, :, None] * directions[:, None, :]
    normal = directions[:, :, None] * directions[:, None, :]
    # t has no part along n: any curvature in that direction will do, and a large one keeps minimisers tangential.
    stiff = np.abs(isotropic) + np.linalg.norm(hessian, axis=(1, 2))
    inside = hessian - outer - np.swapaxes(outer, 1, 2) + (stiff - normal_curvature)[:, None, None] * normal
    curvature = inside + isotropic[:, None, None] * np.eye(directions.shape[1])
    return TangentQuadratics(constant, gradient - normal_slope[:, None] * directions, curvature)

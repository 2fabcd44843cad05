"""Labelled points of a sphere ``S_b`` with their caps, and kernel functions on it, described by a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, get_activation
from ...kernels import DualKernel, dual_kernel
from ..predictors import KernelPredictor
from ..sets.cap import SphericalCap

Array = Float[np.ndarray, "n d"]
ARRANGEMENTS = ("random", "crowded", "antipodal", "circle")
FUNCTIONS = ("gaussian", "single", "labels", "dipole")


@dataclass(frozen=True)
class DataCase:
    """``samples`` points of ``S_b`` with labels, and a cap of polar angle ``angle``.

    ``random``: uniform; ``crowded``: all within ``gap`` of the first; ``antipodal``: near the first, or near the point
    opposite to it on ``S_b``, in turn; ``circle``: on one great circle of ``S_b``, ``gap`` radians apart.
    """

    samples: int = 2
    dimension: int = 3
    bias: float = 0.5
    angle: float = 0.1
    arrangement: str = "random"
    gap: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.arrangement not in ARRANGEMENTS:
            raise InvalidInput(f"arrangement is {self.arrangement!r}: expected one of {', '.join(ARRANGEMENTS)}")

    @cached_property
    def cap(self) -> SphericalCap:
        radius = float(np.sqrt(1.0 - self.bias**2))
        return SphericalCap(2.0 * radius * float(np.sin(self.angle / 2.0)), self.bias)

    @cached_property
    def X(self) -> Array:
        """The points, shape (n, d)."""
        rng = np.random.default_rng([self.seed, 3])
        directions = rng.standard_normal((self.samples, self.dimension - 1))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        if self.arrangement == "circle":
            directions = self._on_circle(directions)
        elif self.arrangement != "random":
            sides = np.where(np.arange(self.samples) % 2, -1.0, 1.0) if self.arrangement == "antipodal" else 1.0
            directions = np.reshape(sides, (-1, 1)) * directions[0] + self.gap * directions
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return np.hstack([self.cap.radius * directions, np.full((self.samples, 1), self.bias)])

    @cached_property
    def y(self) -> Float[np.ndarray, " n"]:
        """Labels, 1 and -1 in turn."""
        return np.where(np.arange(self.samples) % 2, -1.0, 1.0)

    def _on_circle(self, directions: Array) -> Array:
        first, second = directions[0], np.roll(directions[0], 1)
        second = second - (second @ first) * first
        second /= max(float(np.linalg.norm(second)), 1e-300)
        angles = self.gap * np.arange(self.samples)[:, None]
        return np.asarray(np.cos(angles) * first + np.sin(angles) * second)


@dataclass(frozen=True)
class FunctionCase:
    """A kernel function ``f = sum_j c_j K(., z_j)`` on the sphere of ``data``, and the cap around its first point.

    The centres are the data points. ``gaussian``: random coefficients; ``single``: 1 at the last centre; ``labels``:
    the labels; ``dipole``: ``tilt`` at the first point and -1 at a point of the rim of its cap (no other centre).
    """

    activation: str = "erf"
    scale: str = "1"
    data: DataCase = DataCase()
    function: str = "gaussian"
    tilt: float = 1.0
    sign: Literal[-1, 1] = 1

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise InvalidInput(f"function is {self.function!r}: expected one of {', '.join(FUNCTIONS)}")

    @cached_property
    def sigma(self) -> Activation:
        return get_activation(self.activation, self.scale)

    @cached_property
    def kernel(self) -> DualKernel:
        return dual_kernel(self.sigma)

    @property
    def centre(self) -> Float[np.ndarray, "1 d"]:
        """The point that the cap is around."""
        return self.data.X[:1]

    @property
    def signs(self) -> Float[np.ndarray, " 1"]:
        return np.array([float(self.sign)])

    @cached_property
    def rim(self) -> Float[np.ndarray, "k d"]:
        """Points of the cap: its centre, its rim, and points in between; the first of the rim is a dipole's pole."""
        rng = np.random.default_rng([self.data.seed, 4])
        rim = self.data.cap.sample(self.centre, 24, rng, part="rim")[:, 0]
        inside = self.data.cap.sample(self.centre, 8, rng)[:, 0]
        return np.concatenate([rim, inside, self.centre])

    @cached_property
    def predictor(self) -> KernelPredictor:
        if self.function == "dipole":
            centers = np.concatenate([self.centre, self.rim[:1]])
            return KernelPredictor(self.kernel, centers, np.array([self.tilt, -1.0]))
        count = self.data.samples
        coefficients = {
            "gaussian": np.random.default_rng([self.data.seed, 5]).standard_normal(count),
            "single": np.eye(count)[-1],
            "labels": self.data.y,
        }[self.function]
        return KernelPredictor(self.kernel, self.data.X, np.asarray(coefficients))

    @property
    def points(self) -> Float[np.ndarray, "k d"]:
        """Where f may be least on the cap: `rim`, the way down the gradient, and the centres that the cap holds."""
        cap, centre = self.data.cap, np.broadcast_to(self.centre, (1, self.data.dimension))
        slope = self.sign * self.predictor.input_gradient(centre)
        down = [np.asarray(cap.move(centre, -slope, fraction)) for fraction in (1.0, 0.5)]
        up = np.asarray(cap.move(centre, slope, 1.0))
        towards = np.asarray(cap.project(self.predictor.centers, np.broadcast_to(centre, self.predictor.centers.shape)))
        return np.concatenate([self.rim, *down, up, towards])

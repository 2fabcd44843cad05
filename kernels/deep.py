"""The NTK of a fully-connected network of any depth on the unit sphere, in floating point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..bounds import Activation
from .architecture import Architecture, fully_connected
from .cosines import floating
from .differentiable import with_derivative
from .sphere.profile import Profile, profile_of

__all__ = ["DeepKernel", "SphereKernel", "deep_kernel"]

Values = Float[Any, "*shape"]


@runtime_checkable
class SphereKernel(Protocol):
    """A kernel of unit vectors: what `gram` and all that is built on it need to know."""

    @property
    def label(self) -> str:
        """One line that tells the kernel from any other."""
        ...

    @property
    def architecture(self) -> Architecture:
        """The network whose kernel it is."""
        ...

    def profile(self, dtype: Any = np.float64, *, derivative: int = 0) -> Profile:
        """The kernel, or its first derivative, as a function of u = <x, z> in float32 or float64."""
        ...


def deep_kernel(architecture: Architecture | Activation | str | Sequence[Activation | str]) -> DeepKernel:
    """The kernel of an architecture; an activation, or one for each layer, stands for `fully_connected` of it.

    The same object for the same architecture. Raises InvalidInput where the kernel is not known (see `layer_dual`).

    >>> from robustntk.kernels import fully_connected
    >>> round(deep_kernel(fully_connected("relu", 3, trained="all", weight_variance=2)).at_one, 12)
    8.0
    """
    return _kernel(architecture if isinstance(architecture, Architecture) else fully_connected(architecture))


@lru_cache(maxsize=128)
def _kernel(architecture: Architecture) -> DeepKernel:
    kernel = DeepKernel(architecture)
    kernel.profile()
    return kernel


@dataclass(frozen=True, eq=False)
class DeepKernel:
    """Theta and its derivative as functions of u = <x, z> (see `deep_enclosure`, `profile`).

    Values are within a few units in the last place of Theta(1), `error_bound` says how many. All functions take and
    return arrays of any shape and keep the type (float32 or float64); with xp=jax.numpy they work under jit, vmap and
    grad. `theta` and `supplement` are the accurate angle and pi minus the angle, where they are known: near u = 1 and
    u = -1 the cosine knows only half their digits.
    """

    architecture: Architecture

    @property
    def label(self) -> str:
        return self.architecture.label

    @cached_property
    def at_one(self) -> float:
        """Theta(1) = K(x, x)."""
        return float(self.value(np.float64(1)))

    def profile(self, dtype: Any = np.float64, *, derivative: int = 0) -> Profile:
        """The polynomials behind `value` (or `first`). Raises InvalidInput for another type than float32, float64."""
        return profile_of(self.architecture, derivative=derivative, dtype=np.dtype(dtype))

    def value(
        self, u: Values, theta: Values | None = None, *, supplement: Values | None = None, xp: Any = np
    ) -> Values:
        """Theta(u)."""
        return self._evaluate(0, u, theta, supplement, xp)

    def first(
        self, u: Values, theta: Values | None = None, *, supplement: Values | None = None, xp: Any = np
    ) -> Values:
        """Theta'(u); infinite at u = 1 for networks with a ReLU."""
        return self._evaluate(1, u, theta, supplement, xp)

    def error_bound(self, dtype: Any = np.float64) -> float:
        """A proved bound of |value(u) - Theta(u)| / Theta(1), rounding included, for every u of that type in [-1, 1].

        The proof takes about a second (`profile_bound`).
        """
        from .sphere.profile_bound import profile_bound

        return profile_bound(self.architecture, np.dtype(dtype)).total

    def _evaluate(self, derivative: int, u: Any, theta: Any, supplement: Any, xp: Any) -> Any:
        u, theta, supplement = (None if array is None else floating(array, xp) for array in (u, theta, supplement))
        u = u if u.dtype in (np.float32, np.float64) else u.astype(np.float64)
        c = _half_chord(u, theta, supplement, xp)
        if xp is np:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(self.profile(u.dtype, derivative=derivative)(u, c), dtype=u.dtype)[()]
        profiles = [self.profile(u.dtype, derivative=order) for order in (derivative, 1)]

        def plain(cosine: Any, chord: Any) -> Any:
            return profiles[0](cosine, chord, xp=xp)

        if derivative == 1:
            return plain(u, c)
        return with_derivative(plain, lambda cosine, chord: profiles[1](cosine, chord, xp=xp))(u, c)

    def __reduce__(self) -> tuple[Any, ...]:
        return deep_kernel, (self.architecture,)

    def __repr__(self) -> str:
        return f"DeepKernel({self.label})"


def _half_chord(u: Any, theta: Any, supplement: Any, xp: Any) -> Any:
    """sin(theta/2) for u >= 0 and sin((pi - theta)/2) for u < 0, None where neither angle is known."""
    if theta is None and supplement is None:
        return None
    theta = np.pi - supplement if theta is None else theta
    supplement = np.pi - theta if supplement is None else supplement
    return xp.sin(xp.where(u < 0, supplement, theta) / 2)

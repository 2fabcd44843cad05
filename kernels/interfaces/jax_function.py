"""A kernel of unit vectors as a function of two vectors that jax can compile, map and differentiate.

Two short polynomials (`profile`), of the cosine and of the chord between the vectors themselves, so that nothing is
lost near x = z and x = -z. For vectors of any norm there is `ntk_pair` in `differentiable_ntk`.

>>> import jax, jax.numpy as jnp
>>> from robustntk.kernels import deep_kernel
>>> kernel = sphere_pair(deep_kernel(["erf", "erf", "erf"]))
>>> X = jnp.eye(3)
>>> jax.jit(jax.vmap(jax.vmap(kernel, (None, 0)), (0, None)))(X, X).shape
(3, 3)
>>> bool(jnp.all(jnp.isfinite(jax.grad(kernel)(X[0], X[0]))))
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaxtyping import Float

from ..deep import SphereKernel

__all__ = ["sphere_pair"]

# How far from 1 the squared norm of a unit vector may be: as in `gram`.
_TOLERANCE = {"float64": 2e-12, "float32": 2e-5}


def sphere_pair(kernel: SphereKernel) -> Callable[[Float[Any, " d"], Float[Any, " d"]], Float[Any, ""]]:
    """K(x, z) = Theta(<x, z>) for unit vectors, under jit, vmap and grad, in float32 or float64 as they come.

    The gradient by x is Theta'(<x, z>) z, right at x = z as well if Theta'(1) is finite, and not finite there if it is
    infinite (a ReLU); subtract its part along x for the gradient on the sphere. Second derivatives are right but for
    x = z and x = -z, where they are NaN. The result is NaN for vectors whose norm is not 1, to 1e-12 in float64 and
    1e-5 in float32: a function of any x asks for the kernel at x / |x|.
    """

    def pair(x: Float[Any, " d"], z: Float[Any, " d"]) -> Float[Any, ""]:
        import jax
        import jax.numpy as jnp

        kind = jnp.result_type(x, z, float)
        x, z = jnp.asarray(x, kind), jnp.asarray(z, kind)
        fixed, other = jax.lax.stop_gradient((x, z))
        apart = fixed - jnp.where(fixed @ other < 0, -1, 1).astype(kind) * other
        value = _function(kernel, kind)(x @ z, jnp.sqrt(apart @ apart) / 2)
        wrong = jnp.maximum(jnp.abs(fixed @ fixed - 1), jnp.abs(other @ other - 1)) > _TOLERANCE[kind.name]
        return jnp.where(wrong, jnp.nan, value)

    return pair


def _function(kernel: SphereKernel, kind: Any) -> Callable[[Any, Any], Any]:
    """Theta of the cosine and half the chord; its derivatives are by the cosine, which the chord follows."""
    import jax
    import jax.numpy as jnp

    profile, derivative = kernel.profile(kind), kernel.profile(kind, derivative=1)

    @jax.custom_jvp
    def value(u: Any, c: Any) -> Any:
        return profile(jnp.clip(u, -1, 1), c, xp=jnp)

    @jax.custom_jvp
    def slope(u: Any, c: Any) -> Any:
        return derivative(jnp.clip(u, -1, 1), c, xp=jnp)

    @value.defjvp
    def value_tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
        return value(*primals), slope(*primals) * tangents[0]

    @slope.defjvp
    def slope_tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
        u, c = primals
        equal = c == 0
        u, c = jnp.where(equal, 0.5, u), jnp.where(equal, 0.5, c)
        # c^2 = (1 - |u|)/2
        by_chord = -jnp.sign(u) / (4 * c)
        move = (jnp.ones_like(u), by_chord)
        second = jax.jvp(lambda cosine, chord: derivative(cosine, chord, xp=jnp), (u, c), move)[1]
        return slope(*primals), jnp.where(equal, jnp.nan, second) * tangents[0]

    return value

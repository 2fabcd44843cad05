"""The dual function kappa of an activation: K(x, z) = kappa(<x, z>) is the first-layer NTK (theory section
4).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from ..bounds import Activation, get_activation
from ..bounds.exact import nearest_float
from . import angular
from .architecture import Architecture, fully_connected
from .closed_forms import CLOSED_FORMS, SMOOTH, Form
from .cosines import Cosine, floating
from .differentiable import with_derivative
from .series.power_series import SeriesForm
from .sphere.profile import Profile, profile_of

__all__ = ["SMOOTH", "DualKernel", "dual_kernel"]

Values = Float[Any, "*shape"]


def dual_kernel(activation: Activation | str) -> DualKernel:
    """The kernel of an activation: a closed form where there is one, else its Hermite series.

    The same object for the same activation. Raises InvalidInput where neither exists (see `hermite_series`),
    or for an unknown name.
    """
    return _kernel(get_activation(activation))


@lru_cache(maxsize=128)
def _kernel(activation: Activation) -> DualKernel:
    scale = nearest_float(activation.scale)
    for name, closed_form in CLOSED_FORMS.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            return DualKernel(activation, closed_form(scale))
    from .series.hermite import hermite_series

    return DualKernel(activation, SeriesForm(hermite_series(activation)))


@dataclass(frozen=True, eq=False)
class DualKernel:
    """kappa and its derivatives, as functions of u = <x, z> and, along great circles, of the angle.

    All functions take and return arrays of any shape, keep the dtype, and with `xp=jax.numpy` work under jit,
    vmap and grad (the derivative of `value` is `first`, and so on, so that no intermediate singularity
    shows). `theta` and `supplement` are the accurate angle and pi minus the angle (see `pair_angles`); they
    matter where the kernel is singular: near u = 1 and u = -1 for relu and quadratic_relu. Where they are
    given, derivatives by u still treat them as functions of u.
    """

    activation: Activation
    form: Form

    @property
    def label(self) -> str:
        """One line that tells the kernel from any other."""
        return self.architecture.label

    @property
    def architecture(self) -> Architecture:
        """The two-layer network of theory section 0, of which the first layer is trained."""
        return fully_connected(self.activation)

    def profile(self, dtype: Any = np.float64, *, derivative: int = 0) -> Profile:
        """kappa, or kappa', as two short polynomials: what Gram matrices are computed with."""
        return profile_of(self.architecture, derivative=derivative, dtype=np.dtype(dtype))

    @property
    def path(self) -> str:
        return "Hermite series" if isinstance(self.form, SeriesForm) else "closed form"

    @property
    def order(self) -> int:
        """The highest derivative of kappa finite at u = 1: 0 for relu, 1 for quadratic_relu, else SMOOTH."""
        return self.form.order

    @property
    def tail_bounds(self) -> tuple[float, float, float]:
        """Rigorous bounds on what the series of kappa, kappa', kappa'' omit at any u; 0 for closed forms."""
        return self.form.tails if isinstance(self.form, SeriesForm) else (0.0, 0.0, 0.0)

    @property
    def tail_bound(self) -> float:
        return self.tail_bounds[0]

    @cached_property
    def at_one(self) -> float:
        """kappa(1) = E[sigma'(w)^2]."""
        return float(self.value(np.float64(1)))

    @cached_property
    def first_at_one(self) -> float:
        """kappa'(1), inf for relu."""
        return float(self.first(np.float64(1)))

    def value(
        self, u: Values, theta: Values | None = None, *, supplement: Values | None = None, xp: Any = np
    ) -> Values:
        """kappa(u)."""
        return self._evaluate(0, u, theta, supplement, xp)

    def first(
        self, u: Values, theta: Values | None = None, *, supplement: Values | None = None, xp: Any = np
    ) -> Values:
        """kappa'(u)."""
        return self._evaluate(1, u, theta, supplement, xp)

    def second(
        self, u: Values, theta: Values | None = None, *, supplement: Values | None = None, xp: Any = np
    ) -> Values:
        """kappa''(u)."""
        return self._evaluate(2, u, theta, supplement, xp)

    def third(
        self, u: Values, theta: Values | None = None, *, supplement: Values | None = None, xp: Any = np
    ) -> Values:
        """kappa'''(u); for series without a proved tail."""
        return self._evaluate(3, u, theta, supplement, xp)

    def drop(self, gap: Values, *, angle: Values | None = None, xp: Any = np) -> Values:
        """kappa(1) - kappa(1 - gap) to full relative accuracy; a chord c has the gap c^2 / 2."""
        return self._drop(gap, angle, xp, self.form.value_drop, self.at_one, self.form.value)

    def first_drop(self, gap: Values, *, angle: Values | None = None, xp: Any = np) -> Values:
        """kappa'(1) - kappa'(1 - gap) to full relative accuracy; infinite for relu."""
        return self._drop(gap, angle, xp, self.form.first_drop, self.first_at_one, self.form.first)

    def second_bounds(
        self, lower: Float[np.ndarray, "*shape"], upper: Float[np.ndarray, "*shape"]
    ) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
        """(lo, hi) with lo <= kappa''(u) <= hi for all u in [lower, upper], see
        `second_derivative.bounds`.
        """
        from .second_derivative import bounds

        return bounds(self, lower, upper)

    def angular(self, theta: Values, bias: float = 0.0, *, xp: Any = np) -> Values:
        """kappa~(theta) = kappa((1 - b^2) cos(theta) + b^2), for 0 <= theta <= pi (theory E4.c)."""
        return angular.value(self, theta, bias, xp)

    def angular_first(self, theta: Values, bias: float = 0.0, *, xp: Any = np) -> Values:
        """kappa~'(theta); at theta = 0 the derivative from the right, which for relu is not 0."""
        return angular.first(self, theta, bias, xp)

    def angular_second(self, theta: Values, bias: float = 0.0, *, xp: Any = np) -> Values:
        """kappa~''(theta). Raises InvalidInput for relu."""
        return angular.second(self, theta, bias, xp)

    def angular_drop(self, theta: Values, bias: float = 0.0, *, xp: Any = np) -> Values:
        """kappa~(0) - kappa~(theta) to full relative accuracy."""
        return angular.drop(self, theta, bias, xp)

    def angular_second_rise(self, theta: Values, bias: float = 0.0, *, xp: Any = np) -> Values:
        """kappa~''(theta) - kappa~''(0) to full relative accuracy. Raises InvalidInput for relu.

        Under jax not differentiable at theta = 0.
        """
        return angular.second_rise(self, theta, bias, xp)

    def __reduce__(self) -> tuple[Any, ...]:
        return dual_kernel, (self.activation,)

    def __repr__(self) -> str:
        return f"DualKernel({self.activation.label}, {self.path})"

    def _evaluate(self, order: int, u: Values, theta: Any, supplement: Any, xp: Any) -> Values:
        u, theta, supplement = (None if array is None else floating(array, xp) for array in (u, theta, supplement))
        if xp is np:
            with np.errstate(divide="ignore", invalid="ignore"):
                return self._forms[order](Cosine.of(u, angle=theta, supplement=supplement))
        return self._jax_functions[order](u, theta, supplement)

    @property
    def _forms(self) -> tuple[Any, Any, Any, Any]:
        return self.form.value, self.form.first, self.form.second, self.form.third

    @cached_property
    def _jax_functions(self) -> list[Any]:
        """kappa to kappa''', each with the next one as its derivative."""
        import jax.numpy as jnp

        def plain(form: Any) -> Any:
            return lambda u, theta, supplement: form(Cosine.of(u, angle=theta, supplement=supplement, xp=jnp))

        functions = [plain(form) for form in self._forms]
        for order in (2, 1, 0):
            functions[order] = with_derivative(functions[order], functions[order + 1])
        return functions

    def _drop(self, gap: Values, angle: Any, xp: Any, drop: Any, at_one: float, form: Any) -> Values:
        """The form's own drop for u >= 0; below, the plain difference, in which nothing cancels."""
        u = Cosine.of_gap(floating(gap, xp), angle=None if angle is None else floating(angle, xp), xp=xp)
        nonnegative = Cosine.of_gap(xp.minimum(u.gap, 1), angle=None if angle is None else u.angle, xp=xp)
        with np.errstate(divide="ignore", invalid="ignore"):
            return xp.where(u.gap <= 1, drop(nonnegative), at_one - form(u))

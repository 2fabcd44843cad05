"""The convex sets that training projects on: one for each kind of theorem (theory sections 0 and 3).

All are cut out of the ball ``|W - W_0|_F <= radius``. For tied pairs (E2 and the theorems whose id ends in -tied) the
moves of a mirrored pair are opposite and no longer than ``row_radius / sqrt(m)``; for E10 the operator norm of
``W - W_0`` is bounded as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .operator_projection import operator_norm, project, project_tied
from .tied_projection import project_rows

Array = NDArray[np.float64]
# A point that float64 has to find inside is put this much nearer to W_0, if it is not well inside already: norms that
# are summed in another order differ by some roundings.
_INNER = 1.0 - 1e-12
_WELL_INSIDE = 1.0 - 1e-13


class Bounds(NamedTuple):
    """The numbers of a `ConstraintSet` in the dtype of a run; None where there is no such constraint."""

    radius: Any
    row_radius: Any = None
    operator_radius: Any = None


@dataclass(frozen=True)
class ConstraintSet:
    """Where the weights may go.

    Args:
        radius: R, of the Frobenius ball about ``W_0``.
        row_radius: rho of tied pairs, to train these; None to train all weights.
        operator_radius: R_op of E10; None without that constraint.

    Raises:
        InvalidInput: a number that is not positive and finite.
    """

    radius: float
    row_radius: float | None = None
    operator_radius: float | None = None

    def __post_init__(self) -> None:
        for name in ("radius", "row_radius", "operator_radius"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InvalidInput(f"{name} is {value!r}: expected a positive finite number")

    @classmethod
    def of(cls, radius: float, row_radius: float | None = None, operator_radius: float | None = None) -> ConstraintSet:
        """The set with these numbers as floats: those of NumPy have another ``repr``, which identifies a run."""
        first, *others = (None if value is None else float(value) for value in (radius, row_radius, operator_radius))
        assert first is not None
        return cls(first, *others)

    @property
    def is_tied(self) -> bool:
        """Whether only opposite moves of the mirrored pairs are trained."""
        return self.row_radius is not None

    def bounds(self, dtype: np.dtype[Any]) -> Bounds:
        """The same numbers, rounded to the dtype of a run."""
        given = (self.radius, self.row_radius, self.operator_radius)
        return Bounds(*(None if value is None else dtype.type(value) for value in given))

    def moved_inside(self, weights: Float[Array, "m d"], half_start: Float[Array, "half d"]) -> Float[Array, "m d"]:
        """The weights if they are in the set, else a point of it, in float64, that is as near up to rounding.

        For tied pairs the moves are made opposite to the last bit, and for E10 the norm is measured with an upper
        bound, so that what comes back is in the set whatever was rounded on the way. ``weights`` may be overwritten.
        """
        if self.row_radius is None and self.operator_radius is None:
            return _into_ball(weights, half_start, self.radius)
        halves = np.stack([half - half_start for half in np.split(weights, 2)])
        if self.row_radius is not None:
            move = self._tied_move((halves[0] - halves[1]) / 2.0, len(weights))
            return np.concatenate([half_start + move, half_start - move])
        assert self.operator_radius is not None
        displacement = halves.reshape(weights.shape)
        inside = self._scaled_inside(np.asarray(project(displacement, self.radius, self.operator_radius)))
        return np.concatenate([half_start + half for half in np.split(inside, 2)])

    def contains(self, weights: Float[Array, "m d"], half_start: Float[Array, "half d"]) -> bool:
        """Whether float64 weights are in the set; for tied pairs moves need be opposite up to rounding only."""
        first, second = (half - half_start for half in np.split(np.asarray(weights, np.float64), 2))
        displacement = np.concatenate([first, second])
        inside = float(np.linalg.norm(displacement)) <= self.radius
        if self.operator_radius is not None:
            inside &= operator_norm(displacement) <= self.operator_radius
        if self.row_radius is not None:
            rounding = 4.0 * float(np.finfo(np.float64).eps) * float(np.max(np.abs(weights)))
            longest = float(np.max(np.linalg.norm(displacement, axis=1)))
            inside &= longest <= self.row_radius / math.sqrt(len(weights))
            inside &= float(np.max(np.abs(first + second))) <= rounding
        return inside

    def _tied_move(self, differences: Array, width: int) -> Array:
        assert self.row_radius is not None
        longest = _INNER * self.row_radius / math.sqrt(width)
        if self.operator_radius is None:
            return np.asarray(project_rows(differences, _INNER * self.radius / math.sqrt(2.0), longest))
        moves = np.asarray(project_tied(differences, _INNER * self.radius, longest, self.operator_radius))
        bound = math.sqrt(2.0) * operator_norm(moves)
        return (
            moves if bound <= _WELL_INSIDE * self.operator_radius else moves * (_INNER * self.operator_radius / bound)
        )

    def _scaled_inside(self, displacement: Array) -> Array:
        assert self.operator_radius is not None
        size = float(np.linalg.norm(displacement)) / self.radius
        excess = max(size, operator_norm(displacement) / self.operator_radius)
        return displacement if excess <= _WELL_INSIDE else displacement * (_INNER / excess)


def distance(halves: Any, others: Any) -> Any:
    """The Frobenius norm of the difference, traced by JAX."""
    import jax.numpy as jnp

    return jnp.sqrt(sum(sum_of_squares(half - other) for half, other in zip(halves, others, strict=True)))


def project_halves(moved: Any, starts: Any, bounds: Bounds) -> tuple[tuple[Any, Any], Any]:
    """The projection of both halves of the weights on the set, and the distance from ``W_0`` there; traced by JAX."""
    import jax.numpy as jnp

    if bounds.row_radius is not None:
        projected = _project_tied(moved, starts, bounds)
    elif bounds.operator_radius is not None:
        projected = _project_operator(moved, starts, bounds)
    else:
        before = distance(moved, starts)
        return _project_ball(moved, starts, before, bounds.radius), jnp.minimum(before, bounds.radius)
    return projected, distance(projected, starts)


def _project_ball(moved: Any, starts: Any, before: Any, radius: Any) -> tuple[Any, Any]:
    """The nearest point of ``|W - W_0|_F <= radius``; costs nothing while the weights are inside."""
    import jax

    def shrink(pairs: list[tuple[Any, Any]]) -> tuple[Any, ...]:
        return tuple(start + (radius / before) * (new - start) for new, start in pairs)

    def keep(pairs: list[tuple[Any, Any]]) -> tuple[Any, ...]:
        return tuple(new for new, _ in pairs)

    pairs = list(zip(moved, starts, strict=True))
    first, second = jax.lax.cond(before > radius, shrink, keep, pairs)
    return first, second


def _project_operator(moved: Any, starts: Any, bounds: Bounds) -> tuple[Any, Any]:
    """E10.b for all weights."""
    import jax.numpy as jnp

    displacement = jnp.concatenate([new - start for new, start in zip(moved, starts, strict=True)])
    inside = project(displacement, bounds.radius, bounds.operator_radius, xp=jnp)
    first, second = jnp.split(inside, 2)
    return starts[0] + first, starts[1] + second


def _project_tied(moved: Any, starts: Any, bounds: Bounds) -> tuple[Any, Any]:
    """E2.d, or E10.b for tied pairs: a tied move that moves no neuron by more than ``row_radius / sqrt(m)``."""
    import jax.numpy as jnp

    rows = ((moved[0] - starts[0]) - (moved[1] - starts[1])) / 2
    longest = bounds.row_radius / math.sqrt(2 * len(rows))
    if bounds.operator_radius is None:
        move = project_rows(rows, bounds.radius / math.sqrt(2), longest, xp=jnp)
    else:
        move = project_tied(rows, bounds.radius, longest, bounds.operator_radius, xp=jnp)
    return starts[0] + move, starts[1] - move


def sum_of_squares(matrix: Any) -> Any:
    """Row by row, then by a vectorised product: a running float32 sum stagnates at a million neurons."""
    import jax.numpy as jnp

    rows = jnp.sum(matrix * matrix, axis=1)
    return rows @ jnp.ones_like(rows)


def _into_ball(weights: Array, half_start: Array, radius: float) -> Array:
    """``weights``, moved in place to the point of the ball on their ray from ``W_0`` if outside."""
    halves = weights.reshape(2, *half_start.shape)
    size = math.hypot(*(float(np.linalg.norm(half - half_start)) for half in halves))
    # Near the border the norm decides that is asked for afterwards, that of the whole displacement.
    if (
        size > _WELL_INSIDE * radius
        and not float(np.linalg.norm((halves - half_start).reshape(weights.shape))) <= radius
    ):
        for half in halves:
            half += (half_start - half) * (1.0 - radius / size * _INNER)
    return weights

"""Projected gradient descent with momentum and a step size that adapts itself (APGD).

Algorithm 1 of Croce and Hein 2020, arXiv:2003.01690, as in AutoAttack. It minimises the margin: hinge, logistic loss
and two-class cross-entropy fall with it, and their own gradients only add a factor that the steps normalise away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Loss
from ..predictors import Evaluator, Parameters, Predictor
from ..sets.protocol import PerturbationSet
from .adversary import AdversarialPoints
from .search import check_counts, check_seed, data_and_random_starts, run_search, values_and_gradients, worst_found

Array = NDArray[np.float64]
# The parameters of the paper: share of the new step in a move, first step over the extent of the set, and the share
# of moves that must have raised the loss between two checkpoints.
_BLEND, _FIRST_SIZE, _RHO = 0.75, 2.0, 0.75


@dataclass(frozen=True)
class AutoProjectedGradientAttack:
    """APGD (Croce and Hein 2020, Algorithm 1) on any perturbation set, keeping the best iterate met.

    A move blends a projected gradient step (0.75) with the last move (0.25) and is projected again. At checkpoints the
    step size of a point halves, and the point goes back to its best iterate, if fewer than rho = 0.75 of its moves
    raised the loss (condition 1), or if neither its step size nor its best loss changed since the last checkpoint
    (condition 2).

    What differs from the paper: the gradient step is the set's own `move` (on a spherical cap along a great circle, by
    a fraction of the cap's angle), the blend is taken in the ambient space and the set's `project` brings it back; the
    first start is the data point and only the others are random; a restart searches all points again, not only those
    that are still classified correctly, since the loss is sought and not the error.

    Args:
        steps: moves of each start.
        restarts: number of starts.
        seed: of the random starts, together with the ``iteration`` of the call.

    Raises:
        InvalidInput: an argument that is no positive integer, or a negative seed.
    """

    steps: int = 100
    restarts: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        check_counts(steps=self.steps, restarts=self.restarts)
        check_seed(self.seed)

    def perturb(
        self,
        predictor: Predictor,
        X: Float[Array, "n k"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
        *,
        loss: Loss | None = None,
        iteration: int = 0,
    ) -> AdversarialPoints:
        search = _compiled_search(predictor.evaluator(), perturbations, self.steps)
        starts = self.starts(X, perturbations, iteration)
        return worst_found(search, predictor, X, y, perturbations, starts=starts, loss=loss)

    def starts(
        self, X: Float[Array, "n k"], perturbations: PerturbationSet, iteration: int = 0
    ) -> Float[Array, "restarts n k"]:
        """Where the search begins."""
        return data_and_random_starts(X, perturbations, self.restarts, (self.seed, iteration, 2))

    def lowest_margins(
        self, predictor: Predictor, X: Float[Array, "n k"], y: Float[Array, " n"], perturbations: PerturbationSet
    ) -> Float[NDArray[Any], "restarts n moves"]:
        """The lowest margin that each start has met before its first move and after every one, ``steps + 1`` of them.

        They are as the search saw them, in the predictor's dtype; the first start is the data point.
        """
        search = _compiled_search(predictor.evaluator(), perturbations, self.steps)
        return run_search(search, predictor, X, y, starts=self.starts(X, perturbations))[2]


def checkpoints(steps: int) -> tuple[int, ...]:
    """Numbers of moves after which step sizes are reconsidered: ``ceil(p_j steps)``, equation (1) of the paper.

    ``p_0 = 0``, ``p_1 = 0.22``, ``p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06)``, while ``p_j <= 1``.
    """
    hundredths: list[int] = []
    width = 22
    while sum(hundredths) + width <= 100:
        hundredths.append(width)
        width = max(width - 3, 6)
    shares = np.cumsum(hundredths)
    return tuple(sorted({int(-(-share * steps // 100)) for share in shares}))


class _State(NamedTuple):
    """Where every row stands; all entries have one row for each point."""

    points: Any
    previous: Any
    margins: Any
    gradients: Any
    best_points: Any
    best_margins: Any
    best_gradients: Any
    sizes: Any
    rises: Any
    halved: Any
    margins_at_check: Any


@lru_cache(maxsize=64)
def _compiled_search(evaluator: Evaluator, perturbations: PerturbationSet, steps: int) -> Any:
    import jax

    return jax.jit(partial(_search, evaluator, perturbations, steps))


def _search(
    evaluator: Evaluator,
    perturbations: PerturbationSet,
    steps: int,
    parameters: Parameters,
    starts: Any,
    centers: Any,
    labels: Any,
) -> tuple[Any, Any, Any]:
    """Lower ``labels * f`` from every row of ``starts``; traced by JAX.

    Returns:
        the best iterates, f there, shape (n,), and the lowest margins after every move, shape (n, steps + 1).
    """
    import jax
    import jax.numpy as jnp

    def margins_and_gradients(points: Any) -> tuple[Any, Any]:
        values, gradients = values_and_gradients(evaluator, perturbations, parameters, points)
        return labels * values, labels[:, None] * gradients

    def move(state: _State, plan: tuple[Any, Any, Any]) -> tuple[_State, Any]:
        blend, window, needed = plan
        points = _moved(perturbations, state, blend, centers)
        state = _record(state, points, *margins_and_gradients(points))
        state = jax.lax.cond(window, partial(_reconsider, needed=needed), lambda same: same, state)
        return state, state.best_margins

    margins, gradients = margins_and_gradients(starts)
    sizes = jnp.full_like(starts[:, :1], _FIRST_SIZE)
    nothing, all_halved = jnp.zeros_like(margins), jnp.ones_like(margins, dtype=bool)
    best = (starts, margins, gradients)
    first = _State(starts, starts, margins, gradients, *best, sizes, nothing, all_halved, margins)
    last, lowest = jax.lax.scan(move, first, _schedule(steps, starts.dtype))
    return last.best_points, labels * last.best_margins, jnp.vstack([margins[None], lowest]).T


def _schedule(steps: int, dtype: Any) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]]:
    """For every move: the share of the gradient step, whether a checkpoint follows, the rises it asks for."""
    blends, checks, needed = np.full(steps, _BLEND, dtype), np.zeros(steps, bool), np.zeros(steps, dtype)
    blends[0] = 1.0
    moments = checkpoints(steps)
    for before, moment in zip((0, *moments), moments, strict=False):
        checks[moment - 1], needed[moment - 1] = True, _RHO * (moment - before)
    return blends, checks, needed


def _moved(perturbations: PerturbationSet, state: _State, blend: Any, centers: Any) -> Any:
    import jax.numpy as jnp

    steepest = perturbations.move(state.points, -state.gradients, state.sizes, xp=jnp)
    towards = perturbations.project(steepest, centers, xp=jnp) - state.points
    blended = state.points + blend * towards + (1 - blend) * (state.points - state.previous)
    return perturbations.project(blended, centers, xp=jnp)


def _record(state: _State, points: Any, margins: Any, gradients: Any) -> _State:
    import jax.numpy as jnp

    improved = margins < state.best_margins
    return state._replace(
        points=points,
        previous=state.points,
        margins=margins,
        gradients=gradients,
        best_points=jnp.where(improved[:, None], points, state.best_points),
        best_margins=jnp.where(improved, margins, state.best_margins),
        best_gradients=jnp.where(improved[:, None], gradients, state.best_gradients),
        rises=state.rises + (margins < state.margins),
    )


def _reconsider(state: _State, needed: Any) -> _State:
    """A checkpoint: halve the step sizes of the rows that got stuck, and put these back to their best iterates."""
    import jax.numpy as jnp

    halved = (state.rises < needed) | (~state.halved & (state.best_margins == state.margins_at_check))
    return state._replace(
        points=jnp.where(halved[:, None], state.best_points, state.points),
        margins=jnp.where(halved, state.best_margins, state.margins),
        gradients=jnp.where(halved[:, None], state.best_gradients, state.gradients),
        sizes=jnp.where(halved[:, None], state.sizes / 2, state.sizes),
        rises=jnp.zeros_like(state.rises),
        halved=halved,
        margins_at_check=state.best_margins,
    )

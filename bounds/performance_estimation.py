"""The worst case of projected subgradient steps as a semidefinite program (PEPit), for R = M = 1.

Performance estimation: the steps see a loss and a convex set only through scalar products of finitely many points,
subgradients and normals, and a positive semidefinite matrix of such products that meets the interpolation conditions
belongs to some loss and some set. So the largest gap over all losses, sets and dimensions is a semidefinite program
(Drori and Teboulle 2014; Taylor, Hendrickx and Glineur 2017). It is solved in floating point: what comes out is
computed, not proved.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import warnings
from dataclasses import dataclass
from enum import Enum
from typing import Any

SOLVER = "CLARABEL"
_OPTIONS = {"tol_gap_abs": 1e-7, "tol_gap_rel": 1e-7, "tol_feas": 1e-7}
_ADVICE = "pip install 'robustntk[proofs]'"


class Measure(Enum):
    """What is worst: a gap for one convex M-Lipschitz loss f, or for losses l_t that change from step to step.

    Adversarial training sees moving losses: the adversarial points of step t define l_t. For the strongest adversary
    they are one loss, the robust loss.
    """

    BEST = "best"
    AVERAGE = "average"
    MOVING_BEST = "moving-best"
    MOVING_AVERAGE = "moving-average"

    @property
    def text(self) -> str:
        """The measure as a formula."""
        return _TEXTS[self]

    @property
    def moving(self) -> bool:
        """True if the loss may change from step to step."""
        return self in (Measure.MOVING_BEST, Measure.MOVING_AVERAGE)

    @property
    def averaged(self) -> bool:
        """True for an average over the iterates, False for the best of them."""
        return self in (Measure.AVERAGE, Measure.MOVING_AVERAGE)


_TEXTS = {
    Measure.BEST: "min over t of f(W_t) - f(W_*)",
    Measure.AVERAGE: "average over t of f(W_t) - f(W_*)",
    Measure.MOVING_BEST: "min over t of l_t(W_t), minus max over t of l_t(W_*)",
    Measure.MOVING_AVERAGE: "average over t of l_t(W_t) - l_t(W_*)",
}


class Domain(Enum):
    """What the steps project onto.

    `BALL` is every closed convex set that lies in the ball of radius R about W_1 and contains W_1 and W_*: the ball
    itself, tied pairs, a ball cut by a bound on the operator norm. `SPACE` is no projection, with |W_* - W_1| <= R.
    """

    BALL = "ball"
    SPACE = "space"


@dataclass(frozen=True)
class Estimate:
    """`value` is attained up to `accuracy`, the duality gap; both are NaN where the solver failed."""

    value: float
    accuracy: float
    status: str

    @property
    def solved(self) -> bool:
        """True if the solver claims an optimum and its duality gap confirms that to six digits."""
        return self.status == "optimal" and self.accuracy <= 1e-6 * (1 + abs(self.value))


def estimate(*, iterations: int, step: float, measure: Measure, domain: Domain) -> Estimate:
    """The largest `measure` over all losses and sets after `iterations` - 1 steps of size `step`, for R = M = 1.

    Raises ImportError with advice if PEPit or CVXPY is absent. A solver in trouble is a status, not an exception.
    """
    pepit, cvxpy = (_import(name) for name in ("PEPit", "cvxpy"))
    problem = pepit.PEP()
    comparator = problem.set_initial_point()
    allowed: _Ball | _Space = (_Ball if domain is Domain.BALL else _Space)(pepit, problem)
    losses: _FixedLoss | _MovingLosses = (_MovingLosses if measure.moving else _FixedLoss)(pepit, problem, comparator)
    allowed.contain(comparator)
    position = pepit.null_point
    gradient, gap = losses.query(position)
    gaps = [gap]
    for _ in range(iterations - 1):
        position = allowed.project(position, gradient, step)
        gradient, gap = losses.query(position)
        gaps.append(gap)
    for metric in [sum(gaps[1:], gaps[0]) / iterations] if measure.averaged else gaps:
        problem.set_performance_metric(metric)  # several: their minimum
    return _solve(problem, cvxpy)


def _solve(problem: Any, cvxpy: Any) -> Estimate:
    # PEPit prints a large duality gap and CVXPY warns of inaccuracy; here both are part of the result.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            dual = problem.solve(wrapper="cvxpy", solver=SOLVER, verbose=0, **_OPTIONS)
        except (cvxpy.error.SolverError, ValueError):
            return Estimate(math.nan, math.nan, "failed")
    if dual is None:
        return Estimate(math.nan, math.nan, str(problem.wrapper.prob.status))
    value = float(problem.objective.eval())
    return Estimate(value, abs(float(dual) - value), str(problem.wrapper.prob.status))


class _Ball:
    def __init__(self, pepit: Any, problem: Any) -> None:
        self._pepit = pepit
        indicator = importlib.import_module("PEPit.functions").ConvexIndicatorFunction
        self._set = problem.declare_function(indicator, R=1.0, center=pepit.null_point)
        self.contain(pepit.null_point)

    def contain(self, point: Any) -> None:
        self._add(point, self._pepit.null_point)

    def project(self, position: Any, gradient: Any, step: float) -> Any:
        """W_{t+1} = W_t - step (g_t + n) with n normal at W_{t+1}; the free one of the two is that of moderate size."""
        if step > 1:
            projected = self._pepit.Point()
            normal = (position - projected) / step - gradient
        else:
            normal = self._pepit.Point()
            projected = position - step * (gradient + normal)
        self._add(projected, normal)
        return projected

    def _add(self, point: Any, normal: Any) -> None:
        self._set.add_point((point, normal, self._pepit.null_expression))


class _Space:
    def __init__(self, pepit: Any, problem: Any) -> None:
        self._problem = problem

    def contain(self, point: Any) -> None:
        self._problem.add_constraint(point**2 <= 1)

    def project(self, position: Any, gradient: Any, step: float) -> Any:
        return position - step * gradient


class _FixedLoss:
    def __init__(self, pepit: Any, problem: Any, comparator: Any) -> None:
        lipschitz = importlib.import_module("PEPit.functions").ConvexLipschitzFunction
        self._loss = problem.declare_function(lipschitz, M=1.0)
        _, self._reference = self._loss.oracle(comparator)

    def query(self, position: Any) -> tuple[Any, Any]:
        gradient, value = self._loss.oracle(position)
        return gradient, value - self._reference


class _MovingLosses:
    """By convexity l_t(W_t) - l_t(W_*) <= <g_t, W_t - W_*>, with equality for l_t(W) = <g_t, W - W_t>.

    So linear losses are worst, for both measures: those have l_t(W_t) = 0 at every t.
    """

    def __init__(self, pepit: Any, problem: Any, comparator: Any) -> None:
        self._pepit, self._problem, self._comparator = pepit, problem, comparator

    def query(self, position: Any) -> tuple[Any, Any]:
        gradient = self._pepit.Point()
        self._problem.add_constraint(gradient**2 <= 1)
        return gradient, gradient * (position - self._comparator)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} is not installed, the worst case cannot be computed: {_ADVICE}") from error

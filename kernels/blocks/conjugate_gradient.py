"""Linear systems (K + lambda I) x = b by conjugate gradients, with an answer that says what is known about it.

Hestenes and Stiefel (1952), with a preconditioner (Golub and Van Loan 2013, Section 11.5), for several right-hand sides
at once: each iteration is one pass over the matrix for all of them. Convergence is decided by the true residual
b - (K + lambda I) x with its rounding errors, not by the recursion for it, which drifts. That K is positive
semidefinite is not assumed: a direction p with p^T K p < 0, again beyond rounding errors, refutes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any, Protocol

import numpy as np
from jaxtyping import Bool, Float

from ...bounds import InvalidInput, Outcome, Verdict
from .operator import Product

__all__ = ["LinearSolution", "Preconditioner", "SymmetricOperator", "conjugate_gradients"]

Preconditioner = Callable[[Float[np.ndarray, "n k"]], Float[np.ndarray, "n k"]]
_ROUNDOFF = 2.0**-53
# The recursion aims at this part of the tolerance, since the true residual is a little larger.
_AIM = 0.5
_RESTARTS = 4
_SINGULAR = "K + lambda I is singular or indefinite up to rounding errors"


class SymmetricOperator(Protocol):
    """What is asked of K; `GramOperator` is one."""

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n)."""

    @property
    def symmetric(self) -> bool:
        """Whether it is its own transpose."""

    def product(self, V: Float[np.ndarray, "n k"]) -> Product:
        """K V with a bound on its rounding errors."""


@dataclass(frozen=True, eq=False)
class LinearSolution:
    """x with one outcome for each right-hand side, of the claim ||b - (K + lambda I) x|| <= tolerance ||b||.

    `residual_norms` are those of the computed true residuals, `residual_bounds` proved upper bounds of the exact ones;
    K is the matrix that the operator holds, whose entries are rounded themselves. `iterations` counts the steps of each
    right-hand side, `passes` the passes over the matrix. An outcome is refuted where some p with p^T K p < 0 was met
    (the counterexample): then K is not positive semidefinite.
    """

    x: Float[np.ndarray, "n ..."]
    outcomes: tuple[Outcome, ...]
    residual_norms: tuple[float, ...]
    residual_bounds: tuple[float, ...]
    iterations: tuple[int, ...]
    passes: int

    @property
    def outcome(self) -> Outcome:
        """The worst of the outcomes: a refuted one if there is any, then an inconclusive one."""
        for verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE):
            for outcome in self.outcomes:
                if outcome.verdict is verdict:
                    return outcome
        return self.outcomes[0]

    def to_json(self) -> dict[str, Any]:
        """All but x."""
        return {
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
            "residual_norms": list(self.residual_norms),
            "residual_bounds": list(self.residual_bounds),
            "iterations": list(self.iterations),
            "passes": self.passes,
        }


def conjugate_gradients(
    operator: SymmetricOperator,
    b: Float[np.ndarray, "n ..."],
    *,
    shift: float = 0.0,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
    start: Float[np.ndarray, "n ..."] | None = None,
    preconditioner: Preconditioner | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> LinearSolution:
    """Solve (K + shift I) x = b, for one vector b or for the columns of a matrix.

    `preconditioner` applies a symmetric positive definite matrix near the inverse (see `nystrom`). `start` is a first
    x, by default 0. Raises InvalidInput for an operator that is not symmetric, arrays of the wrong shape or not finite,
    a negative shift, a tolerance outside (0, 1), and a preconditioner that is seen not to be positive definite.
    """
    _check(operator, shift, tolerance, max_iterations)
    n = operator.shape[0]
    B = _columns(b, n, "b")
    run = _Iteration(operator, B, shift, tolerance, preconditioner or np.copy)
    if start is None:
        run.begin(run.active)
        run.examine(run.sizes == 0)
    else:
        run.X = _columns(start, n, "start")
        if run.X.shape != B.shape:
            raise InvalidInput(f"start has shape {np.shape(start)}: expected that of b, {np.shape(b)}")
        run.examine(run.active)
    for done in range(1, max_iterations + 1):
        if not run.active.any():
            break
        run.step()
        if progress is not None:
            progress("conjugate gradients", done, max_iterations)
    return run.finished(as_vector=np.ndim(b) == 1)


class _Iteration:
    """All right-hand sides on their way; only the columns that are `active` still move."""

    def __init__(
        self,
        operator: SymmetricOperator,
        B: Float[np.ndarray, "n k"],
        shift: float,
        tolerance: float,
        preconditioner: Preconditioner,
    ) -> None:
        self.operator, self.B, self.shift = operator, B, shift
        self.tolerance, self.preconditioner = tolerance, preconditioner
        k = B.shape[1]
        self.sizes, self.aims = np.linalg.norm(B, axis=0), np.full(k, _AIM * tolerance)
        self.X, self.R, self.P, self.rho = np.zeros_like(B), B.copy(), np.zeros_like(B), np.zeros(k)
        self.active = np.full(k, True)
        self.norms, self.bounds, self.rounding = (np.full(k, np.inf) for _ in range(3))
        self.iterations, self.restarts, self.passes = np.zeros(k, dtype=int), np.zeros(k, dtype=int), 0
        self.outcomes: list[Outcome | None] = [None] * k

    def begin(self, which: Bool[np.ndarray, " k"]) -> None:
        """The first direction of these columns, from their residuals."""
        self.P[:, which], self.rho[which] = self._preconditioned(which)

    def step(self) -> None:
        """One iteration of the active columns, and a look at the true residual of those that seem to be done."""
        moving = self.active.copy()
        P = self.P[:, moving]
        KP = self._product(P)
        curvature, squares = np.sum(P * KP.values, axis=0), np.sum(P * P, axis=0)
        total = curvature + self.shift * squares
        below = curvature + _curvature_error(P, KP) < 0
        stopped = below | ~(total > 0)
        for k, column in enumerate(np.flatnonzero(moving)):
            if stopped[k]:
                self._stop(int(column), P[:, k], float(curvature[k]), refuted=bool(below[k]))
        moving &= self.active
        P, KP_values, total = P[:, ~stopped], KP.values[:, ~stopped], total[~stopped]
        length = self.rho[moving] / total
        self.X[:, moving] += length * P
        self.R[:, moving] -= length * (KP_values + self.shift * P)
        self.iterations[moving] += 1
        norms = np.linalg.norm(self.R, axis=0)
        for column in np.flatnonzero(moving & ~(norms <= self.sizes / _ROUNDOFF)):
            self._end(int(column), Outcome.inconclusive(f"the residual grows to {norms[column]:.3g}: {_SINGULAR}"))
        done = moving & (norms <= self.aims * self.sizes)
        self._turn(moving & self.active & ~done)
        self.examine(done)

    def examine(self, which: Bool[np.ndarray, " k"]) -> None:
        """The true residual decides; where it is too large after all, begin anew from it, a few times."""
        which = which.copy()
        if not which.any():
            return
        self._measure(which)
        for column in np.flatnonzero(which):
            k = int(column)
            if self._reached(k):
                self._end(k, Outcome.proved(f"||b - (K + lambda I) x|| <= {self.bounds[k]:.6g}"))
            elif self.restarts[k] == _RESTARTS:
                self._end(k, self._undecided(k, "and does not fall any further"))
            self.restarts[k] += 1
            self.aims[k] /= 4
        self.begin(which & self.active)

    def finished(self, *, as_vector: bool) -> LinearSolution:
        """The solution; columns without a proof get their true residual measured once more."""
        self._measure(np.array([o is None or o.verdict is not Verdict.PROVED for o in self.outcomes]))
        outcomes = [
            self._undecided(k, f"after {self.iterations[k]} iterations") if outcome is None else outcome
            for k, outcome in enumerate(self.outcomes)
        ]
        return LinearSolution(
            x=self.X[:, 0] if as_vector else self.X,
            outcomes=tuple(outcomes),
            residual_norms=tuple(self.norms.tolist()),
            residual_bounds=tuple(self.bounds.tolist()),
            iterations=tuple(self.iterations.tolist()),
            passes=self.passes,
        )

    def _product(self, V: Float[np.ndarray, "n k"]) -> Product:
        self.passes += 1
        return self.operator.product(V)

    def _turn(self, which: Bool[np.ndarray, " k"]) -> None:
        """The next direction, conjugate to the last one."""
        Z, rho = self._preconditioned(which)
        self.P[:, which] = Z + (rho / self.rho[which]) * self.P[:, which]
        self.rho[which] = rho

    def _preconditioned(
        self, which: Bool[np.ndarray, " k"]
    ) -> tuple[Float[np.ndarray, "n j"], Float[np.ndarray, " j"]]:
        """P^-1 R and the diagonal of R^T P^-1 R, which is positive but where R is zero."""
        R = self.R[:, which]
        Z = self.preconditioner(R)
        rho = np.sum(R * Z, axis=0)
        wrong = ~(rho > 0) & R.any(axis=0)
        if wrong.any():
            found = f"r^T P^-1 r = {rho[int(np.argmax(wrong))]:.6g}"
            raise InvalidInput(f"the preconditioner has {found} for a residual r: expected it positive definite")
        return Z, rho

    def _measure(self, which: Bool[np.ndarray, " k"]) -> None:
        """b - (K x + lambda x), each operation of which is rounded, and a bound on the norm of the exact one."""
        if not which.any():
            return
        X, n = self.X[:, which], len(self.X)
        product = self._product(X)
        shifted = self.shift * X
        summed = product.values + shifted
        R = self.B[:, which] - summed
        norms = np.linalg.norm(R, axis=0)
        rounded = sum(np.linalg.norm(part, axis=0) for part in (shifted, summed, R)) * _ROUNDOFF
        rounding = (rounded + sqrt(n) * product.error * np.sum(np.abs(X), axis=0)) * _generous(n)
        self.R[:, which], self.norms[which] = R, norms
        self.rounding[which], self.bounds[which] = rounding, (norms + rounding) * _generous(n)

    def _reached(self, k: int) -> bool:
        return bool(self.bounds[k] * _generous(len(self.X)) <= self.tolerance * self.sizes[k])

    def _stop(self, k: int, p: Float[np.ndarray, " n"], curvature: float, *, refuted: bool) -> None:
        if refuted:
            self._end(k, Outcome.refuted(p, f"K is not positive semidefinite: p^T K p = {curvature:.6g} < 0"))
        else:
            reason = f"p^T (K + lambda I) p is not positive for a direction p ({curvature:.3g} without lambda)"
            self._end(k, Outcome.inconclusive(f"{reason}: {_SINGULAR}"))

    def _undecided(self, k: int, why: str) -> Outcome:
        bound, rounding = self.bounds[k] / self.sizes[k], self.rounding[k] / self.sizes[k]
        return Outcome.inconclusive(
            f"the residual is at most {bound:.3g} ||b|| {why}, {rounding:.3g} ||b|| of it for rounding errors: "
            f"expected {self.tolerance:.3g} ||b||"
        )

    def _end(self, k: int, outcome: Outcome) -> None:
        self.active[k], self.outcomes[k] = False, outcome


def _curvature_error(P: Float[np.ndarray, "n k"], KP: Product) -> Float[np.ndarray, " k"]:
    """A bound on the error of the computed p^T K p: of K p, and of the sum of n products."""
    n = len(P)
    sums = np.sum(np.abs(P), axis=0)
    products = np.sum(np.abs(P * KP.values), axis=0)
    bound: Float[np.ndarray, " k"] = (KP.error * sums**2 + n * _ROUNDOFF * products) * _generous(n) ** 3
    return bound


def _generous(n: int) -> float:
    """A factor above the relative error of any sum of n nonnegative numbers, and of a few operations more."""
    return 1 + 4 * (n + 4) * _ROUNDOFF


def _check(operator: SymmetricOperator, shift: float, tolerance: float, max_iterations: int) -> None:
    if not operator.symmetric:
        raise InvalidInput(f"the operator of shape {operator.shape} is not symmetric: expected K(X, X)")
    if not (isfinite(shift) and shift >= 0):
        raise InvalidInput(f"shift is {shift}: expected a number >= 0")
    if not 0 < tolerance < 1:
        raise InvalidInput(f"tolerance is {tolerance}: expected a number between 0 and 1")
    if max_iterations < 1:
        raise InvalidInput(f"max_iterations is {max_iterations}: expected a positive number")


def _columns(b: Float[np.ndarray, "n ..."], n: int, name: str) -> Float[np.ndarray, "n k"]:
    """A copy as a matrix of columns."""
    b = np.array(b, dtype=np.float64)
    if b.ndim not in (1, 2) or len(b) != n or 0 in b.shape:
        raise InvalidInput(f"{name} has shape {b.shape}: expected ({n},) or ({n}, k)")
    if not np.isfinite(b).all():
        raise InvalidInput(f"an entry of {name} is {b[~np.isfinite(b)][0]}: expected finite numbers")
    return b[:, None] if b.ndim == 1 else b

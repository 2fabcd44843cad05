"""Small adversarial training runs in NumPy float64, written down straight from theory section 0.

They are independent of `training.train` on purpose: a claim about runs that fails here is wrong, one that fails only
there has found a fault of the trainer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, Loss, get_activation, get_loss, hinge, huber, squared_hinge
from ...kernels import SymmetricInitialisation, numeric
from ..training.operator_projection import project, project_tied
from ..training.tied_projection import project_rows
from .claim import UNIT
from .data_case import DataCase
from .moves import level_of
from .strategies import SCALES, activation_names, data_cases, require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Matrix = Float[np.ndarray, "m d"]
ADVERSARIES = ("none", "random", "worst")
SETS = ("ball", "tied", "operator", "tied operator")
_LOSSES: dict[str, Callable[[str], Loss]] = {"hinge": hinge, "squared_hinge": squared_hinge, "huber": huber}


@dataclass(frozen=True)
class RunCase:
    """A problem, a start, and the parameters of projected gradient descent.

    Args:
        activation, scale: sigma.
        loss, parameter: l, with its margin or kappa.
        data: X, y and the cap.
        pairs: m / 2.
        level: "gaussian" for a normal ``W_0``, or where all ``w_r.x_1`` are, as in `moves.level_of`; the rows are then
            all the same.
        radius: R.
        pace: the step size in units of ``R / (B sqrt(T))``, B the largest gradient at the start, 1 if there is none.
        iterations: T.
        adversary: "none" (the clean points), "random" points of the caps, or the "worst" of several.
        constraint: the set that is trained in, one of `SETS`.
        cut: rho and R_op in units of those of the unconstrained comparator.
        seed: of ``W_0`` and the adversary.
    """

    activation: str = "erf"
    scale: str = "1"
    loss: str = "hinge"
    parameter: str | None = "1"
    data: DataCase = DataCase(samples=1)
    pairs: int = 1
    level: str | float = "slope"
    radius: float = 0.1
    pace: float = 1.0
    iterations: int = 1
    adversary: str = "none"
    constraint: str = "ball"
    cut: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (("adversary", self.adversary, ADVERSARIES), ("constraint", self.constraint, SETS)):
            if value not in known:
                raise InvalidInput(f"{name} is {value!r}: expected one of {', '.join(known)}")

    @cached_property
    def sigma(self) -> Activation:
        return get_activation(self.activation, self.scale)

    @cached_property
    def function(self) -> Loss:
        """l."""
        return get_loss(self.loss) if self.parameter is None else _LOSSES[self.loss](self.parameter)

    @property
    def width(self) -> int:
        return 2 * self.pairs

    @property
    def tied(self) -> bool:
        return self.constraint.startswith("tied")

    @cached_property
    def initial(self) -> Matrix:
        """``W_0``."""
        if self.level == "gaussian":
            return np.asarray(self.initialisation.weights)
        return np.asarray(np.tile(level_of(self.sigma, self.level) * self.data.X[0], (self.width, 1)))

    @property
    def initialisation(self) -> SymmetricInitialisation:
        """The Gaussian ``W_0``, as the library draws it."""
        return SymmetricInitialisation(self.width, self.data.dimension, self.seed)

    @cached_property
    def signs(self) -> Float[np.ndarray, " m"]:
        return np.repeat([1.0, -1.0], self.pairs)

    def predict(self, weights: Matrix, points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """f(W, .) at the points."""
        return np.asarray(self.signs @ numeric(self.sigma, 0)(weights @ points.T) / np.sqrt(self.width))

    def gradients(self, weights: Matrix, points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n m d"]:
        """grad_W f(W, .) at the points; for tied pairs its part along antisymmetric moves."""
        slopes = numeric(self.sigma, 1)(weights @ points.T) * (self.signs / np.sqrt(self.width))[:, None]
        if self.tied:
            first, second = np.split(slopes, 2)
            slopes = np.concatenate([first - second, second - first]) / 2.0
        return np.asarray(slopes.T[:, :, None] * points[:, None, :])

    def losses(self, weights: Matrix, points: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return np.asarray(self.function.value(self.predict(weights, points), self.data.y))

    def mean_gradient(self, weights: Matrix, points: Float[np.ndarray, "n d"]) -> Matrix:
        """``g_t`` of theory section 0."""
        slopes = self.function.slope(self.predict(weights, points), self.data.y)
        return np.asarray(np.tensordot(slopes, self.gradients(weights, points), axes=1) / len(points))

    @cached_property
    def steepest(self) -> float:
        """The largest gradient of the loss at the start."""
        per_point = np.linalg.norm(self.gradients(self.initial, self.data.X), axis=(1, 2))
        slopes = np.abs(self.function.slope(np.zeros(len(per_point)), self.data.y))
        return float(np.max(per_point * slopes)) or 1.0

    @property
    def step_size(self) -> float:
        """alpha."""
        return self.pace * self.radius / (self.steepest * float(np.sqrt(self.iterations)))

    @cached_property
    def comparator(self) -> Matrix:
        """``W_*``: from ``W_0`` as far as R down the mean gradient at the clean points, or ``W_0`` if that vanishes."""
        gradient = self.mean_gradient(self.initial, self.data.X)
        length = float(np.linalg.norm(gradient))
        move = -self.radius * gradient / length if length > 0.0 else np.zeros_like(gradient)
        return np.asarray(self.initial + self.project(move * (1.0 - 1e-12)))

    @cached_property
    def _free_move(self) -> Matrix:
        free = replace(self, constraint="tied" if self.tied else "ball", cut=np.inf)
        return np.asarray(free.comparator - free.initial)

    @property
    def row_radius(self) -> float:
        """rho."""
        if np.isinf(self.cut):
            return float(np.sqrt(self.width)) * self.radius
        longest = float(np.max(np.linalg.norm(self._free_move, axis=1))) * float(np.sqrt(self.width))
        return max(self.cut * longest, 1e-3 * self.radius) * (1.0 + 1e-12)

    @property
    def operator_radius(self) -> float:
        """R_op."""
        norm = float(np.linalg.norm(self._free_move, 2))
        return max(self.cut * norm, 1e-3 * self.radius) * (1.0 + 1e-12)

    def project(self, move: Matrix) -> Matrix:
        """The point of the set nearest to ``W_0 + move``, less ``W_0``; for tied pairs of antisymmetric moves."""
        if self.constraint == "operator":
            return np.asarray(project(move, self.radius, self.operator_radius))
        if self.tied:
            half, longest = move[: self.pairs], self.row_radius / float(np.sqrt(self.width))
            if self.constraint == "tied":
                half = project_rows(half, self.radius / np.sqrt(2.0), longest)
            else:
                half = project_tied(half, self.radius, longest, self.operator_radius)
            return np.concatenate([half, -half])
        length = float(np.linalg.norm(move))
        return np.asarray(move if length <= self.radius else move * (self.radius / length))

    def answer(self, weights: Matrix, iteration: int) -> Float[np.ndarray, "n d"]:
        """The adversary's points ``x_i^t``."""
        if self.adversary == "none":
            return self.data.X
        rng = np.random.default_rng([self.seed, 6, iteration])
        count = 1 if self.adversary == "random" else 6
        samples = self.data.cap.sample(self.data.X, count, rng, part="rim")
        losses = np.stack([self.losses(weights, points) for points in samples])
        return np.asarray(samples[np.argmax(losses, axis=0), np.arange(self.data.samples)])

    @cached_property
    def run(self) -> Run:
        """The run."""
        weights, points, gradients = [self.initial], [], []
        for t in range(self.iterations):
            points.append(self.answer(weights[-1], t))
            gradients.append(self.mean_gradient(weights[-1], points[-1]))
            moved = weights[-1] - self.step_size * gradients[-1] - self.initial
            weights.append(self.initial + self.project(moved))
        return Run(self, tuple(weights), tuple(points), tuple(gradients))


@dataclass(frozen=True)
class Run:
    """``W_1, ..., W_{T+1}``, the adversary's points and ``g_1, ..., g_T``."""

    case: RunCase
    weights: tuple[Matrix, ...]
    points: tuple[Float[np.ndarray, "n d"], ...]
    gradients: tuple[Matrix, ...]

    @property
    def losses(self) -> Float[np.ndarray, " t"]:
        """``L_A(W_t)``."""
        pairs = zip(self.weights, self.points, strict=False)
        return np.array([float(np.mean(self.case.losses(weights, points))) for weights, points in pairs])

    @property
    def comparator_losses(self) -> Float[np.ndarray, "t n"]:
        """The losses of ``W_*`` at the points of every step."""
        return np.stack([self.case.losses(self.case.comparator, points) for points in self.points])

    @property
    def robust_loss(self) -> float:
        """``L_*(W_*)`` for the perturbation sets that consist of the adversary's points."""
        return float(np.mean(np.max(self.comparator_losses, axis=0)))

    @property
    def margin(self) -> float:
        """The least margin of ``W_*`` at the adversary's points."""
        values = [self.case.data.y * self.case.predict(self.case.comparator, points) for points in self.points]
        return float(np.min(values))

    @property
    def errors(self) -> Float[np.ndarray, " t"]:
        """The fraction of misclassified points, ``y f <= 0`` up to rounding, in every step."""
        pairs = zip(self.weights, self.points, strict=False)
        values = np.stack([self.case.data.y * self.case.predict(weights, points) for weights, points in pairs])
        return np.asarray(np.mean(values <= 64.0 * UNIT * self.case.width, axis=1))

    @property
    def squared_norms(self) -> Float[np.ndarray, " t"]:
        """``|g_t|^2``."""
        return np.array([float(np.sum(gradient**2)) for gradient in self.gradients])

    @property
    def squares(self) -> Float[np.ndarray, " t_plus_one"]:
        """``D_t = |W_t - W_*|^2``."""
        return np.array([float(np.sum((weights - self.case.comparator) ** 2)) for weights in self.weights])

    @property
    def rounding(self) -> float:
        """What the rounding of a step may do to ``D_{t+1} / (2 alpha)``, and that of a prediction to a loss.

        Every entry of W is off by an ulp after a step, which moves D by twice that times the distance; a prediction is
        a sum of m terms of d + 1 roundings.
        """
        case = self.case
        size = float(np.linalg.norm(case.initial)) + case.radius
        terms = case.width + case.data.dimension + 16
        values = float(np.max(np.abs(numeric(case.sigma, 0)(case.initial @ case.data.X.T)))) + 1.0
        slopes = float(np.max(np.abs(numeric(case.sigma, 1)(case.initial @ case.data.X.T)))) + 1.0
        prediction = np.sqrt(case.width) * (values + slopes * size) * terms * UNIT
        drift = 4.0 * terms * UNIT * size * case.radius / (2.0 * case.step_size)
        return float(16.0 * (prediction * (1.0 + prediction) + drift))


def run_cases(
    *,
    losses: Sequence[tuple[str, str | None]] = (("hinge", "1"), ("absolute", None), ("logistic", None)),
    constraints: Sequence[str] = ("ball",),
    largest_iterations: int = 12,
    radii: Sequence[float] = (0.1, 0.3, 1.0, 3.0),
) -> SearchStrategy[RunCase]:
    """Runs of any kind, and those of one step and one point at which regret bounds are nearly equalities."""
    st = require_hypothesis()
    kinds = []
    for constraint in constraints:
        tied = constraint.startswith("tied")
        common = {
            "activation": st.sampled_from(activation_names(smooth=tied, bounded=tied)),
            "scale": st.sampled_from(SCALES),
            "loss": st.sampled_from(losses),
            "constraint": st.just(constraint),
            "cut": st.sampled_from([1.0, 0.5]),
            "seed": seeds(),
        }
        one_step = st.builds(
            _run_case,
            data=st.builds(DataCase, samples=st.just(1), seed=seeds()),
            pairs=st.sampled_from([1, 4, 64]),
            radius=st.sampled_from([0.1, 0.01, 0.5]),
            pace=st.sampled_from([1.0, 0.3, 0.1]),
            **common,
        )
        any_run = st.builds(
            _run_case,
            data=data_cases(samples=(1, 4)),
            pairs=st.sampled_from([1, 2, 8]),
            level=st.sampled_from(["gaussian", "slope", "curvature"]),
            radius=st.sampled_from(radii),
            pace=st.sampled_from([1.0, 0.3, 3.0, 0.1]),
            iterations=st.integers(1, largest_iterations),
            adversary=st.sampled_from(ADVERSARIES),
            **common,
        )
        kinds += [one_step, any_run]
    return st.one_of(*kinds)  # type: ignore[no-any-return]


def _run_case(loss: tuple[str, str | None], **described: Any) -> RunCase:
    return RunCase(loss=loss[0], parameter=loss[1], **described)

"""The laws that a sweep can measure, each with what the theory says of its exponent."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ...bounds import HypothesisError, exact, required_width
from .cell import Cell, Values
from .law import Law, LawKind, Point, Prediction, Problem

__all__ = ["LAWS", "MEASURES", "radius_cell"]

_WIDTHS = (64, 256, 1024, 4096)
# Sums over m neurons deviate from their limits by relative errors of this order in m.
_FLUCTUATION = -0.5
_TRAINED = {"width": (*_WIDTHS, 16384), "samples": (20,), "delta": (0.1,), "radius": (None,)}
_LIMIT = Prediction(LawKind.LIMIT_LAW, -0.5, "theory section 4: O(1/sqrt(m))", _FLUCTUATION)
_MEAN = Prediction(LawKind.LIMIT_LAW, -0.5, "theory E4.a: K_m is a mean of m/2 terms", _FLUCTUATION)


def radius_cell(problem: Problem, point: Point, *, shift: int = 0) -> Cell:
    """The R of the data, in the order of the seed that comes ``shift`` after that of the sweep."""
    return problem.cell("radius", point, "delta", data_seed=problem.config.data_seed + shift)


def _trained_cells(problem: Problem, point: Point) -> tuple[Cell, Cell]:
    """A network in training, and the same at infinite width."""
    config = problem.config
    descent = {"step_size": config.the_step_size(), "iterations": config.iterations, **config.training()}
    network = problem.cell("training", point, "width", "delta", "radius", "seed", **descent)
    return network, problem.cell("limit", point, "delta", "radius", **descent)


def _deviation(_: Problem, __: Point, network: Values, limit: Values) -> float:
    """Over all steps."""
    return float(np.max(np.abs(np.subtract(network["surrogate_losses"], limit["surrogate_losses"]))))


def _robust_loss_gap(_: Problem, __: Point, network: Values, limit: Values) -> float:
    """Of the losses point by point: those of means may cancel, and pass through 0 by chance."""
    return float(np.mean(np.abs(np.subtract(network["robust_losses"], limit["robust_losses"]))))


def _residual(_: Problem, __: Point, network: Values, limit: Values) -> float:
    return float(network["residual"])


def _moved_cells(tied: bool, problem: Problem, point: Point) -> tuple[Cell]:
    return (problem.cell("linearisation", point, "width", "radius", "seed", tied=tied),)


def _near_linear(exponent: float, tied: bool, problem: Problem) -> Prediction:
    """E1.a, or E2 with rows that are proportional to R."""
    activation = problem.config.the_activation()
    if activation.derivative_lipschitz is None:
        raise HypothesisError(f"{activation.label}: sigma' has no Lipschitz constant, so that nothing bounds residuals")
    if tied and activation.curvature_lipschitz is None:
        return Prediction(LawKind.NONE_KNOWN, None, f"theory E2 needs gamma, and {activation.label} has none")
    source = "theory E2, rho in proportion to R" if tied else "theory E1.a"
    return Prediction(LawKind.UPPER_BOUND, exponent, source, _FLUCTUATION if exponent < 0 else None)


def _steps_cells(theorem: str, problem: Problem, point: Point) -> tuple[Cell]:
    """Training at the step size that a theorem prescribes for R and epsilon, or E8 and E9 for the least epsilon."""
    config = problem.config
    grid = config.epsilons or _EPSILONS[theorem]
    epsilon = point["epsilon"] if theorem == "E1" else min(grid, key=lambda text: Fraction(str(exact(text))))
    step = _step_size(problem, theorem, epsilon, point["radius"])
    descent = {"step_size": step, "iterations": config.max_iterations, **config.training()}
    target = float(exact(point["epsilon"], name="epsilon"))
    return (problem.cell("steps", point, "width", "delta", "radius", "seed", epsilon=target, **descent),)


_EPSILONS = {
    "E1": ("0.5", "0.35", "0.25", "0.18"),
    "E8": ("0.4", "0.2", "0.1", "0.05"),
    "E9": ("0.4", "0.2", "0.1", "0.05"),
}


@lru_cache(maxsize=256)
def _step_size(problem: Problem, theorem: str, epsilon: str, radius: float) -> float:
    config = problem.config
    plan = required_width(
        target_epsilon=epsilon,
        radius=radius,
        activation=config.the_activation(),
        loss=config.the_loss(),
        dimension=problem.dimension,
        theorem=theorem,
    )
    return float(plan.step_size)


def _few_steps(theorem: str, exponent: float, problem: Problem) -> Prediction:
    _step_size(problem, theorem, _EPSILONS[theorem][0], 1.0)
    return Prediction(LawKind.UPPER_BOUND, exponent, f"theory {theorem}: T at its step size")


def _no_law(problem: Problem) -> Prediction:
    return Prediction(LawKind.NONE_KNOWN, None, "R depends on the data; the theory computes it and has no rate")


def _prescribed(theorem: str, exponent: float, problem: Problem) -> Prediction:
    _required_width(theorem, problem, {"epsilon": "0.1", "radius": 1.0})
    return Prediction(LawKind.EXACT, exponent, f"theory {theorem}: the formula of the width")


def _required_width(theorem: str, problem: Problem, point: Point) -> int:
    """With rho = R for tied networks: a number that does not change with epsilon."""
    config = problem.config
    plan = required_width(
        target_epsilon=point["epsilon"],
        radius=point["radius"],
        row_radius=point["radius"] if theorem.endswith("tied") or theorem == "E2" else None,
        activation=config.the_activation(),
        loss=config.the_loss(),
        dimension=problem.dimension,
        theorem=theorem,
    )
    return plan.width


def _trained(measure: str, quantity: str, value: Any, prediction: Any) -> Law:
    return Law(
        name=f"{measure} in m",
        measure=measure,
        axis="width",
        quantity=quantity,
        defaults=_TRAINED,
        prediction=prediction,
        cells=_trained_cells,
        value=value,
    )


def _moved(tied: bool, axis: str, exponent: float) -> Law:
    grid = {"width": _WIDTHS, "radius": (0.5,)} if axis == "width" else _IN_RADIUS
    which = "tied" if tied else "untied"
    return Law(
        name=f"near-linearity in {'m' if axis == 'width' else 'R'}, {which}",
        measure="near-linearity",
        axis=axis,
        quantity=f"residual of the linearisation, {which} moves",
        defaults={**grid, "samples": (20,)},
        prediction=partial(_near_linear, exponent, tied),
        cells=partial(_moved_cells, tied),
        value=lambda _, __, found: float(found["residual"]),
    )


_IN_RADIUS = {"width": (1024,), "radius": (0.5, 1.0, 2.0, 4.0)}


def _steps(theorem: str, exponent: float) -> Law:
    return Law(
        name=f"steps in epsilon, {theorem}",
        measure="steps",
        axis="epsilon",
        quantity=f"first step with a surrogate loss of at most epsilon ({theorem})",
        defaults={
            "epsilon": _EPSILONS[theorem],
            "width": (256,),
            "samples": (20,),
            "delta": (0.1,),
            "radius": (None,),
        },
        prediction=partial(_few_steps, theorem, exponent),
        cells=partial(_steps_cells, theorem),
        value=lambda _, __, found: found["reached_at"],
    )


def _data_radius(axis: str, **grid: tuple[Any, ...]) -> Law:
    return Law(
        name=f"radius in {'delta' if axis == 'delta' else 'n'}",
        measure="radius",
        axis=axis,
        quantity="radius R that the data require",
        defaults=grid,
        prediction=_no_law,
        cells=lambda problem, point: (radius_cell(problem, point, shift=point["seed"]),),
        value=lambda _, __, found: float(found["estimate"]),
    )


def _width(theorem: str, exponent: float) -> Law:
    return Law(
        name=f"required width in epsilon, {theorem}",
        measure="required-width",
        axis="epsilon",
        quantity=f"width that {theorem} prescribes",
        defaults={"epsilon": ("0.4", "0.2", "0.1", "0.05"), "radius": (8.0,)},
        prediction=partial(_prescribed, theorem, exponent),
        cells=lambda problem, point: (),
        value=partial(_required_width, theorem),
        rounded_up_to=2,
    )


def _residual_prediction(problem: Problem) -> Prediction:
    return _near_linear(-0.5, False, problem)


LAWS: tuple[Law, ...] = (
    _trained("deviation", "largest deviation of the loss curve", _deviation, lambda _: _LIMIT),
    _trained("robust-loss", "mean gap of the robust losses", _robust_loss_gap, lambda _: _LIMIT),
    _trained("residual", "residual of the linearisation after training", _residual, _residual_prediction),
    Law(
        name="kernel in m",
        measure="kernel",
        axis="width",
        quantity="||K_m - K|| / ||K||",
        defaults={"width": _WIDTHS, "samples": (20,)},
        prediction=lambda _: _MEAN,
        cells=lambda problem, point: (problem.cell("kernel", point, "width", "seed"),),
        value=lambda _, __, found: float(found["deviation"]),
    ),
    _moved(False, "width", -0.5),
    _moved(True, "width", -1.0),
    _moved(False, "radius", 2.0),
    _moved(True, "radius", 3.0),
    _steps("E1", -2.0),
    _steps("E8", -1.0),
    _steps("E9", -1.0),
    _data_radius("delta", delta=(0.05, 0.1, 0.15, 0.2), samples=(20,)),
    _data_radius("samples", samples=(10, 20, 40, 80), delta=(0.1,)),
    _width("E1", -2.0),
    _width("E2", -1.0),
    _width("E3", -1.0),
    _width("E3-tied", -0.5),
    _width("E9", -1.0),
)
MEASURES: tuple[str, ...] = tuple(dict.fromkeys(law.measure for law in LAWS))

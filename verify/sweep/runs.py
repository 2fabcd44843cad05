"""What the cells of a sweep compute: one small run each, a pure function of its settings.

Every run knows all that it needs from its settings alone, wherever it is made: on this machine or a worker of a
cluster. Data are recognised by their digest. What several cells of a process share (data, kernels, compiled functions)
is kept there; it does not change what they compute.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, Loss, get_activation, get_loss
from ...kernels import SymmetricInitialisation, dual_kernel, empirical_gram, gram, numeric
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..comparison.infinite_width import train_infinite_width
from ..data import Dataset, load_data
from ..planning.minimum_norm import radius_interval
from ..predictors import LinearisedNetwork, Predictor, TwoLayerNetwork
from ..sets.cap import SphericalCap
from ..training.projected_descent import train
from .cell import Cell, Values

__all__ = ["RUNS", "compute", "data_digest"]

Array = NDArray[np.float64]
Settings = Mapping[str, Any]
# Of the attack on the trained network, which has more to find than the one that it was trained against.
_STRONGER = {"steps": 40, "restarts": 3}


def compute(cell: Cell) -> Values:
    """The values of a cell, plain and finite.

    Raises:
        InvalidInput: settings that the run refuses, or data that are not those of the sweep.
        FloatingPointError: training diverged.
    """
    if "jax" not in sys.modules:
        # One thread of XLA for each call, so that as many calls as there are processors do not fight for them.
        os.environ.setdefault("NPROC", "1")
    settings = dict(cell.settings)
    try:
        return RUNS[cell.kind](settings)
    except FloatingPointError as error:
        raise FloatingPointError(f"{cell.kind} at {settings}: {error}") from error


@lru_cache(maxsize=8)
def data_digest(source: str, classes: tuple[str, str] | None) -> str:
    """The sha256 of all features and labels of the two classes, as the settings of cells record it."""
    data = load_data(source, classes=classes)
    found = hashlib.sha256(np.asarray(data.features.shape, "<i8").tobytes())
    for array in (data.features, data.y):
        found.update(np.ascontiguousarray(array, "<f8").data)
    return found.hexdigest()


def _training(settings: Settings) -> Values:
    """Adversarial training at width m: the loss at every step, and what the final weights are like."""
    data, activation = _data(settings), _activation(settings)
    start = SymmetricInitialisation(settings["width"], data.dimension, settings["seed"], dtype=np.float32)
    run = train(start, activation, *_problem(settings, data), **_descent(settings))
    weights = run.final_weights.astype(np.float64)
    network = TwoLayerNetwork(run.final_weights, start.signs, activation)
    points, losses = _attacked(network, settings, data)
    residual = _residual(start, activation, weights, np.concatenate([data.X, points]))
    return {
        "surrogate_losses": run.surrogate_losses.tolist(),
        "robust_losses": losses.tolist(),
        "residual": residual,
        "distance": run.final_distance,
    }


def _limit(settings: Settings) -> Values:
    """The same training at infinite width."""
    data = _data(settings)
    kernel = dual_kernel(_activation(settings))
    run = train_infinite_width(kernel, *_problem(settings, data), **_descent(settings))
    losses = _attacked(run.predictor, settings, data)[1]
    return {"surrogate_losses": run.surrogate_losses.tolist(), "robust_losses": losses.tolist()}


def _steps(settings: Settings) -> Values:
    """The first step t with ``L_A(W_t) <= epsilon``; None if there is none among those allowed."""
    data = _data(settings)
    start = SymmetricInitialisation(settings["width"], data.dimension, settings["seed"], dtype=np.float32)
    problem = _problem(settings, data)
    run = train(start, _activation(settings), *problem, stop_at=settings["epsilon"], **_descent(settings))
    return {"reached_at": run.best_step if run.stopped == "target reached" else None, "steps": run.steps}


def _kernel(settings: Settings) -> Values:
    """``|K_m - K| / |K|`` in the operator norm, at a drawn ``W_0``."""
    data, activation = _data(settings), _activation(settings)
    limit = gram(dual_kernel(activation), data.X)
    start = SymmetricInitialisation(settings["width"], data.dimension, settings["seed"])
    difference = empirical_gram(start, activation, data.X) - limit
    return {"deviation": float(np.linalg.norm(difference, 2) / np.linalg.norm(limit, 2))}


def _linearisation(settings: Settings) -> Values:
    """``max_i |f(W, x_i) - <grad f(W_0, x_i), W - W_0>|`` at a distance R from a drawn ``W_0``."""
    data, activation = _data(settings), _activation(settings)
    start = SymmetricInitialisation(settings["width"], data.dimension, settings["seed"])
    direction = (_tied_direction if settings["tied"] else _curved_direction)(start, activation, data)
    displacement = direction * (settings["radius"] / np.linalg.norm(direction))
    rows = float(np.max(np.linalg.norm(displacement, axis=1)))
    return {
        "residual": _residual(start, activation, start.weights + displacement, data.X),
        "row_radius": rows * math.sqrt(start.width),
    }


def _radius(settings: Settings) -> Values:
    """The interval for R of theory E4.b; the upper end is None where it is infinite."""
    data = _data(settings)
    solution = radius_interval(data.X, data.y, _cap(settings), activation=_activation(settings))
    return solution.radius.to_json()


RUNS: Mapping[str, Callable[[Settings], Values]] = MappingProxyType(
    {
        "training": _training,
        "limit": _limit,
        "steps": _steps,
        "kernel": _kernel,
        "linearisation": _linearisation,
        "radius": _radius,
    }
)


def _curved_direction(start: SymmetricInitialisation, activation: Activation, data: Dataset) -> Float[Array, "m d"]:
    """Moves along the first point, of those neurons alone whose second-order terms there are positive.

    Nothing cancels then: the residual is of the order that E1.a allows. (Moves of training are antisymmetric to first
    order, so that their second-order terms cancel in pairs.)
    """
    point = data.X[0]
    curvature = start.signs * numeric(activation, 2)(start.weights @ point)
    return np.outer(curvature > 0, point)


def _tied_direction(start: SymmetricInitialisation, activation: Activation, data: Dataset) -> Float[Array, "m d"]:
    """The first gradient step of a loss with slopes ``-y_i``, which is antisymmetric in the pairs (theory E2)."""
    slopes: Array = numeric(activation, 1)(start.weights @ data.X.T)
    return start.signs[:, None] * ((slopes * data.y) @ data.X)


def _residual(start: SymmetricInitialisation, activation: Activation, weights: Array, points: Array) -> float:
    """In float64; f(W_0) = 0."""
    origin = start.weights
    moved = TwoLayerNetwork(weights, start.signs, activation).predict(points)
    linear = LinearisedNetwork(origin, weights - origin, start.signs, activation).predict(points)
    return float(np.max(np.abs(moved - linear)))


def _attacked(predictor: Predictor, settings: Settings, data: Dataset) -> tuple[Array, Array]:
    """The worst points that a stronger attack finds, and the losses there in float64, shapes (n, d) and (n,)."""
    loss, attack = _loss(settings), ProjectedGradientAttack(**_STRONGER)
    points = attack.perturb(predictor, data.X, data.y, _cap(settings), loss=loss).points
    return points, np.asarray(loss.value(predictor.predict(points), data.y), np.float64)


def _problem(settings: Settings, data: Dataset) -> tuple[Loss, Array, Array, SphericalCap, ProjectedGradientAttack]:
    attack = ProjectedGradientAttack(steps=settings["attack_steps"])
    return _loss(settings), data.X, data.y, _cap(settings), attack


def _descent(settings: Settings) -> dict[str, Any]:
    return {name: settings[name] for name in ("step_size", "iterations", "radius")}


def _cap(settings: Settings) -> SphericalCap:
    return SphericalCap(settings["delta"], settings["bias"])


def _activation(settings: Settings) -> Activation:
    return _read_activation(settings["activation"], settings["scale"])


@lru_cache(maxsize=8)
def _read_activation(name: str, scale: str) -> Activation:
    return get_activation(name, scale=scale)


def _loss(settings: Settings) -> Loss:
    kappa = settings["huber_kappa"]
    return get_loss(settings["loss"]) if kappa is None else get_loss(settings["loss"], kappa=kappa)


def _data(settings: Settings) -> Dataset:
    names = ("data", "first_class", "second_class", "samples", "data_seed", "bias", "standardize", "data_sha256")
    return _loaded(*(settings[name] for name in names))


@lru_cache(maxsize=32)
def _loaded(
    source: str,
    first: str | None,
    second: str | None,
    samples: int | None,
    seed: int,
    bias: float,
    standardize: bool,
    digest: str,
) -> Dataset:
    classes = None if first is None or second is None else (first, second)
    if data_digest(source, classes) != digest:
        raise InvalidInput(f"data {source!r} here are not those that the sweep began with (sha256 {digest})")
    return load_data(source, classes=classes, samples=samples, seed=seed, bias=bias, standardize=standardize)

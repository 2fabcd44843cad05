"""Several networks of one width as one predictor: row i of the points belongs to one of them, in turn.

An adversary that is given the data once for every network then attacks all of them in one search, and each as it would
alone: searches treat rows apart, and random starts are the same for every network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, Loss
from ..attacks.adversary import AdversarialPoints, Adversary
from ..predictors import Evaluator, NetworkEvaluator, Parameters, TwoLayerNetwork
from ..sets.protocol import EnclosingCaps, Namespace, PerturbationSet, Space
from .network_step import PART_AXES, over_networks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NetworkStack:
    """S networks that share their signs; points come in blocks of ``rows`` for each of them, shape (k S rows, d).

    Args:
        halves: both halves of the weights, each of shape (S, m / 2, d), where JAX put them.
        outputs: both halves of the output weights, each of shape (m / 2,).
        activation: sigma.
        rows: points of one network in a block.
    """

    halves: tuple[Any, Any]
    outputs: tuple[Any, Any]
    activation: Activation
    rows: int

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self.halves[0].dtype)
        return dtype

    def predict(self, X: Float[Any, "p d"]) -> Float[Array, " p"]:
        points = np.asarray(X, np.float64)
        blocks = points.reshape(-1, len(self.halves[0]), self.rows, points.shape[1])
        values = [self._network(index).predict(rows) for block in blocks for index, rows in enumerate(block)]
        return np.concatenate(values)

    def evaluator(self) -> Evaluator:
        return _StackEvaluator(self.activation, self.rows)

    def parameters(self) -> Parameters:
        return tuple(zip(self.halves, self.outputs, strict=True))

    def _network(self, index: int) -> TwoLayerNetwork:
        weights = np.concatenate([np.asarray(half[index]) for half in self.halves])
        signs = np.sign(np.concatenate([np.asarray(part, np.float64) for part in self.outputs]))
        return TwoLayerNetwork(weights, signs, self.activation)


@dataclass(frozen=True)
class _StackEvaluator:
    """`NetworkEvaluator` for every network and its own rows, by vmap."""

    activation: Activation
    rows: int

    def values(self, parameters: Parameters, points: Any) -> Any:
        return self._apply(NetworkEvaluator(self.activation).values, parameters, points)

    def values_and_gradients(self, parameters: Parameters, points: Any) -> tuple[Any, Any]:
        values, gradients = self._apply(NetworkEvaluator(self.activation).values_and_gradients, parameters, points)
        return values, gradients

    def _apply(self, function: Callable[..., Any], parameters: Parameters, points: Any) -> Any:
        """The function of one network at its rows of every block, in the order of the points."""
        import jax
        import jax.numpy as jnp

        count, dimension = len(parameters[0][0]), points.shape[1]
        blocks = points.reshape(-1, count, self.rows, dimension)
        own = jnp.moveaxis(blocks, 1, 0).reshape(count, -1, dimension)
        found = over_networks(function, (PART_AXES, 0))(parameters, own)

        def restored(result: Any) -> Any:
            parts = result.reshape(count, -1, self.rows, *result.shape[2:])
            return jnp.moveaxis(parts, 0, 1).reshape(len(points), *result.shape[2:])

        return jax.tree.map(restored, found)


def attack_all(
    stack: NetworkStack,
    adversary: Adversary,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    *,
    loss: Loss,
    iteration: int,
) -> AdversarialPoints:
    """The adversary's answer to every network of the stack; all fields get a leading axis for the networks."""
    count = len(stack.halves[0])
    found = adversary.perturb(
        stack,
        np.tile(X, (count, 1)),
        np.tile(y, count),
        _SharedStarts(perturbations, len(X)),
        loss=loss,
        iteration=iteration,
    )
    parts = (found.coordinates, found.points, found.values)
    return AdversarialPoints(*(np.asarray(part).reshape(count, len(X), *part.shape[1:]) for part in parts))


@dataclass(frozen=True)
class _SharedStarts:
    """A perturbation set whose random points repeat after ``rows`` rows, so that all networks meet the same ones."""

    perturbations: PerturbationSet
    rows: int

    @property
    def space(self) -> Space:
        return self.perturbations.space

    def embed(self, points: Any, *, xp: Namespace = np) -> Any:
        return self.perturbations.embed(points, xp=xp)

    def project(self, points: Any, centers: Any, *, xp: Namespace = np) -> Any:
        return self.perturbations.project(points, centers, xp=xp)

    def move(self, points: Any, directions: Any, fraction: Any, *, xp: Namespace = np) -> Any:
        return self.perturbations.move(points, directions, fraction, xp=xp)

    def sample(
        self, centers: Any, count: int, rng: np.random.Generator, *, part: Literal["cap", "rim"] = "cap"
    ) -> NDArray[np.float64]:
        drawn = self.perturbations.sample(centers[: self.rows], count, rng, part=part)
        return np.tile(drawn, (1, len(centers) // self.rows, 1))

    def contains(self, points: Any, centers: Any, *, tolerance: float = 0.0) -> NDArray[np.bool_]:
        return self.perturbations.contains(points, centers, tolerance=tolerance)

    def enclosing_caps(self, centers: Any) -> tuple[NDArray[np.float64], EnclosingCaps]:
        return self.perturbations.enclosing_caps(centers)

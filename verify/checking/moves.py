"""Displacements of the first layer, from random ones to those at which the lemmas are nearly equalities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, nearest_float
from ...kernels import numeric

Array = Float[np.ndarray, "m d"]
# What the displacement is made of; all neurons have the same length but in "gaussian" and "rank one".
SHAPES = ("aligned", "half", "one neuron", "tied", "tied gaussian", "rank one", "gaussian")
TIED_SHAPES = ("tied", "tied gaussian")
RANDOM_SHAPES = ("tied gaussian", "rank one", "gaussian")
LEVELS = ("slope", "curvature", "bend")


@dataclass(frozen=True)
class Move:
    """A displacement ``W - W_0`` with ``|W - W_0|_F = |size| R``; a negative size reverses it.

    ``aligned``: every neuron along x; ``half``: the first of each mirrored pair only; ``one neuron``: all of it in the
    first; ``tied``: pairs along x, antisymmetrically; ``tied gaussian``, ``rank one`` and ``gaussian``: random.
    """

    shape: str = "aligned"
    size: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise InvalidInput(f"shape is {self.shape!r}: expected one of {', '.join(SHAPES)}")

    def displacement(self, pairs: int, point: Float[np.ndarray, " d"], radius: float) -> Array:
        """The displacement of the ``2 * pairs`` neurons, shape (m, d); ``point`` is the x that shapes refer to."""
        rows = _unit_move(self, pairs, point)
        return np.asarray(self.size * radius * rows)

    @property
    def is_tied(self) -> bool:
        return self.shape in TIED_SHAPES


def _unit_move(move: Move, pairs: int, point: Float[np.ndarray, " d"]) -> Array:
    rng = np.random.default_rng([move.seed, 7])
    if move.shape == "gaussian":
        rows = rng.standard_normal((2 * pairs, len(point)))
    elif move.shape == "rank one":
        rows = np.outer(rng.standard_normal(2 * pairs), rng.standard_normal(len(point)))
    elif move.shape == "tied gaussian":
        half = rng.standard_normal((pairs, len(point)))
        rows = np.concatenate([half, -half])
    else:
        rows = np.outer(_COEFFICIENTS[move.shape](pairs), point)
    return np.asarray(rows / np.linalg.norm(rows))


_COEFFICIENTS: dict[str, Callable[[int], Array]] = {
    "aligned": lambda pairs: np.ones(2 * pairs),
    "half": lambda pairs: np.repeat([1.0, 0.0], pairs),
    "one neuron": lambda pairs: np.eye(2 * pairs)[0],
    "tied": lambda pairs: np.repeat([1.0, -1.0], pairs),
}


def level_of(activation: Activation, level: str | float) -> float:
    """A preactivation: the number itself, or where |sigma'|, |sigma''| or |sigma'''| is largest (see `LEVELS`).

    Where it is largest on a whole interval, as for the quadratic ReLU, the end that is far from any kink is taken.
    """
    return float(level) if not isinstance(level, str) else _peak(activation, LEVELS.index(level) + 1)


@lru_cache(maxsize=512)
def _peak(activation: Activation, order: int) -> float:
    grid = np.linspace(-6.0, 6.0, 12001) / nearest_float(activation.scale)
    sizes = np.abs(numeric(activation, order)(grid))
    return float(grid[np.flatnonzero(sizes >= (1.0 - 1e-12) * np.max(sizes))[-1]])

"""What a perturbation set must offer to attacks, training and certificates (theory section 0).

A set of one's own is any hashable object with the methods of `PerturbationSet`; it need not inherit from it, and
attacks, planning, training and certificates take it like those of the library. Three steps:

1. Choose the coordinates in which the nearest point of the set is known exactly. For feature rows `FeatureSet` and
   `Block` do most of it; ``tests/verify/sets/test_own_set.py`` brings a set from scratch.
2. Bound how far the embedded set goes from its embedded centre: certificates are as sound as `enclosing_caps`.
3. Run `check_perturbation_set`, which tries every claim below on random points and says which are refuted.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .cap import SphericalCap

# Arrays that may be NumPy or JAX (also while traced), and the module that handles them.
Array = Any
Namespace = Any
Space = Literal["sphere", "features"]
EnclosingCaps = tuple["SphericalCap", ...]


class PerturbationSet(Hashable, Protocol):
    """A set ``B(x)`` on the sphere around every data point, with ``x`` in it (theory: "compatible").

    A set is described in coordinates of its own, in which it can be projected onto exactly: points of the sphere for
    caps, feature rows (pixels) for balls in feature space. `embed` takes them to the sphere, where predictors live.
    ``centers`` and ``points`` are rows in the set's own coordinates throughout. `project`, `move` and `embed` must be
    written against the namespace ``xp``, since attacks trace them with JAX; the object itself must be hashable.
    """

    @property
    def space(self) -> Space:
        """What the rows of ``centers`` are: points of the sphere, or feature rows that `embed` puts there."""
        ...

    def embed(self, points: Array, *, xp: Namespace = np) -> Array:
        """The points of the sphere, shape (..., d), that belong to points in the set's own coordinates."""
        ...

    def project(self, points: Array, centers: Array, *, xp: Namespace = np) -> Array:
        """The nearest point of ``B(centers[i])`` to ``points[i]``, row by row."""
        ...

    def move(self, points: Array, directions: Array, fraction: Array, *, xp: Namespace = np) -> Array:
        """Go from each point along the steepest way of its direction, ``fraction`` of the set's extent far.

        ``directions`` are gradients in the set's own coordinates; ``fraction`` is a scalar, or a column of shape (n, 1)
        with one for each point. The result may lie outside the set.
        """
        ...

    def sample(
        self, centers: Array, count: int, rng: np.random.Generator, *, part: Literal["cap", "rim"] = "cap"
    ) -> NDArray[np.float64]:
        """``count`` random points of every set, or of its boundary, shape (count, n, k)."""
        ...

    def contains(self, points: Array, centers: Array, *, tolerance: float = 0.0) -> NDArray[np.bool_]:
        """Whether ``points[i]`` lies in ``B(centers[i])`` up to ``tolerance``, row by row."""
        ...

    def enclosing_caps(self, centers: Array) -> tuple[NDArray[np.float64], EnclosingCaps]:
        """For certificates: embedded centres, shape (n, d), and caps around them that hold the embedded sets."""
        ...


def describe(perturbations: PerturbationSet) -> dict[str, Any]:
    """A set as JSON: its own ``to_json()`` where it has one, its name otherwise."""
    to_json = getattr(perturbations, "to_json", None)
    return {"kind": type(perturbations).__name__} if to_json is None else dict(to_json())

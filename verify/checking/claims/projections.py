"""Projections are nearest points and do not expand distances: theory section 0, E2.d and E10.b."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from ....bounds import InvalidInput
from ...training.operator_projection import project, project_tied
from ...training.tied_projection import project_rows
from ..claim import UNIT, Sides, claim
from ..data_case import DataCase
from ..strategies import data_cases, require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_SHAPES = ("gaussian", "rank one", "one row", "equal rows")
_KINDS = ("rows", "operator", "tied operator")


@dataclass(frozen=True)
class ProjectionCase:
    """Two displacements V and V' and a set of displacements to project them on.

    ``kind`` is "rows" (E2.d: norm at most ``radius``, rows at most ``cut``), "operator" (E10.b: singular values at most
    ``cut``) or "tied operator" (rows at most ``cut`` and singular values at most 1). V has the norm ``length``; V' is
    ``pull`` of the way from V to another displacement of the same shape and length.
    """

    kind: str = "rows"
    shape: str = "gaussian"
    rows: int = 2
    columns: int = 3
    length: float = 2.0
    pull: float = 1.0
    radius: float = 1.0
    cut: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in _KINDS or self.shape not in _SHAPES:
            raise InvalidInput(f"kind is {self.kind!r}, shape {self.shape!r}: expected one of {_KINDS}, of {_SHAPES}")

    @cached_property
    def moves(self) -> np.ndarray:
        """V and V', shape (2, rows, columns)."""
        rng = np.random.default_rng([self.seed, 8])
        drawn = rng.standard_normal((2, self.rows, self.columns))
        if self.shape == "rank one":
            drawn = rng.standard_normal((2, self.rows, 1)) * rng.standard_normal((2, 1, self.columns))
        elif self.shape == "one row":
            drawn[:, 1:] = 0.0
        elif self.shape == "equal rows":
            drawn[:] = drawn[:, :1]
        drawn *= self.length / np.linalg.norm(drawn, axis=(1, 2), keepdims=True)
        return np.stack([drawn[0], (1.0 - self.pull) * drawn[0] + self.pull * drawn[1]])

    def project(self, move: np.ndarray) -> np.ndarray:
        """The projection, or for "tied operator" what the library takes for one."""
        if self.kind == "rows":
            return np.asarray(project_rows(move, self.radius, self.cut))
        if self.kind == "operator":
            return np.asarray(project(move, self.radius, self.cut))
        root = float(np.sqrt(2.0))
        return np.asarray(project_tied(move, root * self.radius, self.cut, root))

    def sizes(self, move: np.ndarray) -> np.ndarray:
        """The norms that the set bounds, over their bounds: at most 1 inside."""
        norm, rows = np.linalg.norm(move), np.max(np.linalg.norm(move, axis=1))
        spectral = np.linalg.norm(move, 2)
        cuts = {
            "rows": [rows / self.cut],
            "operator": [spectral / self.cut],
            "tied operator": [rows / self.cut, spectral],
        }
        return np.array([norm / self.radius, *cuts[self.kind]])

    def inside(self, move: np.ndarray) -> np.ndarray:
        """A multiple of the displacement that is in the set."""
        return np.asarray(move / max(1.0, float(np.max(self.sizes(move)))))

    @property
    def rounding(self) -> float:
        """A few roundings for every entry of products and decompositions; singular values are known to sqrt(u)."""
        terms = 16.0 * (self.rows + self.columns + 8)
        squares = 0.0 if self.kind == "rows" else 4.0 * self.columns * float(np.sqrt(UNIT))
        return float((terms * UNIT + squares) * (self.length + self.radius))


def projection_cases(*, kinds: tuple[str, ...] = _KINDS) -> SearchStrategy[ProjectionCase]:
    """Displacements inside, on and outside the boundary, with ties among rows and singular values."""
    st = require_hypothesis()
    sizes = st.one_of(st.sampled_from([1.0, 0.5, 2.0, 0.9999]), st.floats(1e-3, 10.0))
    return st.builds(  # type: ignore[no-any-return]
        ProjectionCase,
        kind=st.sampled_from(kinds),
        shape=st.sampled_from(_SHAPES),
        rows=st.integers(1, 6),
        columns=st.integers(1, 5),
        length=sizes,
        pull=st.one_of(st.sampled_from([1.0, 1e-3, 0.1]), st.floats(0.0, 1.0)),
        radius=sizes,
        cut=sizes,
        seed=seeds(),
    )


def _feasible(case: ProjectionCase) -> Sides:
    return Sides(case.sizes(case.project(case.moves[0])), 1.0, case.rounding / min(case.radius, case.cut, 1.0))


def _nearest(case: ProjectionCase) -> Sides:
    """``|PV - V| <= |Z - V|`` for Z = V', a multiple of V, and points near PV, all in the set."""
    move, other = case.moves
    found = case.project(move)
    rng = np.random.default_rng([case.seed, 9])
    near = [found + size * rng.standard_normal(found.shape) * case.radius for size in (1e-2, 1e-1, 1.0)]
    candidates = [case.inside(each) for each in (move, other, *near)]
    distances = np.array([np.linalg.norm(each - move) for each in candidates])
    return Sides(float(np.linalg.norm(found - move)), distances, case.rounding)


def _non_expansive(case: ProjectionCase) -> Sides:
    first, second = (case.project(move) for move in case.moves)
    return Sides(float(np.linalg.norm(first - second)), float(np.linalg.norm(np.subtract(*case.moves))), case.rounding)


def _no_farther(case: ProjectionCase) -> Sides:
    """``|PV - Z| <= |V - Z|`` for Z of the set, which is all that the proofs need."""
    move, other = case.moves
    rng = np.random.default_rng([case.seed, 9])
    inside = [case.inside(each) for each in (other, rng.standard_normal(move.shape))]
    found = case.project(move)
    pairs = [(np.linalg.norm(found - each), np.linalg.norm(move - each)) for each in inside]
    return Sides(np.array(pairs)[:, 0], np.array(pairs)[:, 1], case.rounding)


@claim("section 0/cap projection", "the projection on a cap is no farther than any point of the cap", data_cases)
def onto_a_cap(case: DataCase) -> Sides:
    rng = np.random.default_rng([case.seed, 12])
    centre, cap = case.X[:1], case.cap
    outside = np.concatenate([case.X, cap.sample(centre, 4, rng)[:, 0], rng.standard_normal((4, case.dimension))])
    found = np.asarray(cap.project(outside, np.broadcast_to(centre, outside.shape)))
    samples = np.concatenate([centre, cap.sample(centre, 16, rng, part="rim")[:, 0], cap.sample(centre, 8, rng)[:, 0]])
    nearest = np.min(np.linalg.norm(outside[:, None, :-1] - samples[None, :, :-1], axis=2), axis=1)
    off = 64.0 * case.dimension * UNIT * (1.0 + np.linalg.norm(outside, axis=1))
    return Sides(np.linalg.norm(outside[:, :-1] - found[:, :-1], axis=1), nearest, off)


@claim("section 0/cap", "projections and samples lie in the cap: |x' - x| <= delta", data_cases)
def in_the_cap(case: DataCase) -> Sides:
    rng = np.random.default_rng([case.seed, 13])
    centre, cap = case.X[:1], case.cap
    points = [cap.sample(centre, 8, rng)[:, 0], cap.sample(centre, 8, rng, part="rim")[:, 0]]
    points += [np.asarray(cap.project(case.X, np.broadcast_to(centre, case.X.shape)))]
    distances = np.linalg.norm(np.concatenate(points) - centre, axis=1)
    return Sides(distances, cap.delta, 64.0 * case.dimension * UNIT)


_ROWS = partial(projection_cases, kinds=("rows",))
_OPERATOR = partial(projection_cases, kinds=("operator",))
_TIED = partial(projection_cases, kinds=("tied operator",))

CLAIMS = (
    onto_a_cap,
    in_the_cap,
    claim("E2.d", "the projection on tied moves is no farther than any point of the set", _ROWS)(_nearest),
    claim("E2.d/feasible", "the projection has norm <= R and rows <= rho/sqrt(m)", _ROWS)(_feasible),
    claim("E2.d/non-expansive", "|PV - PV'| <= |V - V'|", _ROWS)(_non_expansive),
    claim("E10.b", "the projection on both balls is no farther than any point of the set", _OPERATOR)(_nearest),
    claim("E10.b/feasible", "the projection has norm <= R and operator norm <= R_op", _OPERATOR)(_feasible),
    claim("E10.b/non-expansive", "|PV - PV'| <= |V - V'|", _OPERATOR)(_non_expansive),
    claim("E10.b/tied feasible", "P_2 P_1 V has norm <= R, rows <= rho/sqrt(m) and operator norm <= R_op", _TIED)(
        _feasible
    ),
    claim("E10.b/tied", "|P_2 P_1 V - Z| <= |V - Z| for every Z of the set", _TIED)(_no_farther),
)

"""What a scaling law of a sweep is: a quantity along one axis, how it is measured, and what is predicted of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from .cell import Cell
from .configuration import SweepConfig
from .fit import Fit, Verdict, judge

__all__ = ["Law", "LawKind", "Point", "Prediction", "Problem"]

Point: TypeAlias = Mapping[str, Any]


class LawKind(StrEnum):
    """What a predicted exponent claims.

    A limit law is the rate itself, far out on the axis. An upper bound is a rate that the quantity does not exceed
    there. An exact law holds for every value. Where none is known, the fit is a description.
    """

    LIMIT_LAW = "limit law"
    UPPER_BOUND = "upper bound"
    EXACT = "exact"
    NONE_KNOWN = "none known"


@dataclass(frozen=True)
class Prediction:
    """``quantity ~ axis^exponent``, with its source; for the kind `NONE_KNOWN` there is no exponent.

    ``correction`` is the order of its first relative correction, where it holds in a limit only.
    """

    kind: LawKind
    exponent: float | None
    source: str
    correction: float | None = None

    @property
    def is_statistical(self) -> bool:
        """Whether chance has a part in the verdict."""
        return self.kind in (LawKind.LIMIT_LAW, LawKind.UPPER_BOUND)

    def judge(self, fit: Fit, *, axis: str) -> tuple[Verdict | None, bool | None]:
        """The verdict on a fitted exponent, and whether the prediction survives it; None where nothing is predicted.

        The far end of the axes is infinity, but 0 of epsilon. A quantity stays below a bound there if it grows no
        faster, that is flatter where the bound grows, and steeper where it falls.
        """
        if self.exponent is None:
            return None, None
        verdict = judge(fit, self.exponent)
        allowed = {Verdict.CONSISTENT}
        if self.kind is LawKind.UPPER_BOUND:
            grows = (self.exponent > 0) == (axis != "epsilon")
            allowed.add(Verdict.FLATTER if grows else Verdict.STEEPER)
        return verdict, verdict in allowed

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"kind": str(self.kind), "exponent": self.exponent, "source": self.source}


@dataclass(frozen=True)
class Problem:
    """What laws know of the sweep beside the grid: the configuration, the digest and the dimension of the data."""

    config: SweepConfig
    digest: str
    dimension: int

    def cell(self, kind: str, point: Point, *axes: str, **more: Any) -> Cell:
        """A cell of the data of the point; ``axes`` are those of its other settings that matter."""
        of_data = {"samples": point["samples"], "data_seed": self.config.data_seed}
        return Cell.of(kind, self.config.common(self.digest) | of_data | {axis: point[axis] for axis in axes} | more)


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """A quantity along one axis.

    Args:
        name: of the law; ``measure`` is what groups of laws are asked for by.
        axis: along which it is fitted.
        quantity: in words, for tables and plots.
        defaults: the axes that it depends on with the values that they have unless others are given; a radius of None
            is the R of the data.
        prediction: for an activation and a loss; raises HypothesisError if there is nothing to measure.
        cells: what to run for a point, which has all the axes and a seed.
        value: the quantity from the problem, the point and the values of its cells; None where it was not reached.
        rounded_up_to: for exact laws, the step to multiples of which values are rounded up; they need no seeds.
    """

    name: str
    measure: str
    axis: str
    quantity: str
    defaults: Mapping[str, tuple[Any, ...]]
    prediction: Callable[[Problem], Prediction]
    cells: Callable[[Problem, Point], tuple[Cell, ...]]
    value: Callable[..., float | None]
    rounded_up_to: int | None = None

    def axes(self, config: SweepConfig) -> dict[str, tuple[Any, ...]]:
        """The values of its axes in a sweep."""
        return {axis: config.given(axis) or values for axis, values in self.defaults.items()}

    def seeds(self, config: SweepConfig) -> tuple[int, ...]:
        """Those of the sweep, or one where nothing is random."""
        return config.seeds if self.rounded_up_to is None else (0,)

r"""E5.b: the VC dimension of ReLU networks is at most L + (sum_i W_i) log2(4 e S log2(2 e S)), S = sum_i i k_i.

This is Theorem 7 of Bartlett, Harvey, Liaw and Mehrabian (2019) for ReLU: layers i = 1..L, the output layer included,
of k_i units, and W_i parameters (weights and biases) in the layers 1..i. The class consists of the signs of all
functions that the network computes, for all values of its parameters; fewer parameters, or fixed ones, only make it
smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import sympy

from .exact import ceil_integer, whole_number
from .vc_bounds import LAYERS, SUM_OF_PARAMETERS, VC_UPPER_BOUND, WEIGHTED_UNITS, H, L, S, d, k, w

SOURCE = (
    "Bartlett, Harvey, Liaw and Mehrabian, Nearly-tight VC-dimension and pseudodimension bounds for piecewise linear "
    "neural networks, JMLR 20(63), 2019, Theorem 7"
)


@dataclass(frozen=True, kw_only=True)
class ReluNetwork:
    """A fully connected ReLU network on R^dimension with biases and one output; `widths` are those of hidden layers.

    Raises InvalidInput unless there is a hidden layer and all numbers are positive integers.
    """

    dimension: int
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        whole_number(self.dimension, name="dimension")
        whole_number(len(self.widths), name="number of hidden layers")
        for width in self.widths:
            whole_number(width, name="width")

    @property
    def units(self) -> tuple[int, ...]:
        """k_i: units of each layer, the output layer included."""
        return (*self.widths, 1)

    @property
    def parameters(self) -> tuple[int, ...]:
        """W_i: weights and biases in the layers up to each layer."""
        return tuple(accumulate(_layer_parameters(self.dimension, self.units)))

    @property
    def vc_upper_bound(self) -> sympy.Expr:
        """E5.b, as an exact constant."""
        weighted = sum(layer * units for layer, units in enumerate(self.units, start=1))
        return upper_bound(layers=len(self.units), parameters=sum(self.parameters), weighted_units=weighted)


def upper_bound(*, layers: int, parameters: int, weighted_units: int) -> sympy.Expr:
    """E5.b for given L, sum of the W_i and S, as an exact constant."""
    values = {L: layers, w: parameters, S: weighted_units}
    return VC_UPPER_BOUND.xreplace({symbol: sympy.Integer(value) for symbol, value in values.items()})


def uniform_upper_bound(*, width: int, depth: int, dimension: int) -> sympy.Expr:
    """E5.b for `depth` hidden layers of `width` units each, from the closed forms of its sums; any size is quick.

    Raises InvalidInput for anything but positive integers.
    """
    given = {k: ("width", width), H: ("depth", depth), d: ("dimension", dimension)}
    values = {symbol: sympy.Integer(whole_number(value, name=name)) for symbol, (name, value) in given.items()}
    sizes = (formula.xreplace(values) for formula in (LAYERS, SUM_OF_PARAMETERS, WEIGHTED_UNITS))
    layers, parameters, weighted_units = (int(size) for size in sizes)
    return upper_bound(layers=layers, parameters=parameters, weighted_units=weighted_units)


def floor_integer(bound: sympy.Expr) -> int:
    """The largest integer <= the constant; where balls of 10,000 bits cannot decide, the one above it.

    So it is safe for an upper bound of an integer.
    """
    return -ceil_integer(-bound) if bound.is_Rational else ceil_integer(bound) - 1


def _layer_parameters(inputs: int, units: Sequence[int]) -> list[int]:
    return [here * (before + 1) for before, here in zip((inputs, *units[:-1]), units, strict=True)]

"""E5, capacity: how many units robust interpolation of every n separated points asks for, at least.

Two bounds of the same VC dimension are played against each other: from below by robust interpolation (E5.a), from
above by the size of a ReLU network (E5.b). The width where they meet is necessary, never sufficient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy

from .errors import InvalidInput
from .exact import is_less, whole_number
from .prose import integer_text
from .shattering import at_least_two
from .theorem import Kind, Theorem
from .vc_bounds import VC_LOWER_BOUND, VC_LOWER_BOUND_PLAIN, d, n
from .vc_dimension import floor_integer, uniform_upper_bound

NECESSARY = "necessary-condition"
LARGEST_EXPONENT = 300

_STATEMENT = (
    "If for every set of n points of R^d that are pairwise more than 2 delta apart, and for all their labels, a class "
    "has a function whose sign is the label of each point on the closed ball of radius delta around it, then the VC "
    "dimension of the class is at least floor(n/2) (d + 1). That of the signs of a ReLU network with layers i = 1..L, "
    "the output layer included, of k_i units, and W_i weights and biases in the layers 1..i, is at most "
    "L + (sum_i W_i) log2(4 e S log2(2 e S)) with S = sum_i i k_i. So the network robustly interpolates all such "
    "labelled sets only if the second number is at least the first."
)
_LATEX = (
    r"\lfloor n/2\rfloor(d+1)\le\mathrm{VC}\le L+\Big(\sum_{i\le L}W_i\Big)\log_2\big(4eS\log_2(2eS)\big),"
    r"\qquad S=\sum_{i\le L}i\,k_i"
)


@dataclass(frozen=True, kw_only=True)
class CapacityTheorem(Theorem):
    """E5. Its numbers are lower bounds of a width: proved, but of no use as a plan."""

    @property
    def kind(self) -> Kind:
        return Kind.GUARANTEE

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            "robust interpolation of every n labelled points of R^d that are pairwise more than 2 delta apart",
            "the network is a fully connected ReLU network, or part of one, with one output",
            "the number of sign patterns of polynomials (Warren 1968, cited)",
        )


E5 = CapacityTheorem(
    id="E5",
    title="capacity: robust interpolation needs VC dimension floor(n/2) (d + 1)",
    source="the project's theory, section 5, after arXiv:1906.07916v2 Section 6",
    statement=_STATEMENT,
    latex=_LATEX,
    needs=("n", "d", "depth"),
)


def vc_lower_bound(samples: int, dimension: int) -> int:
    """E5.a: floor(n/2) (d + 1). Raises InvalidInput for fewer than two samples or no dimension."""
    values = {n: sympy.Integer(at_least_two(samples)), d: sympy.Integer(whole_number(dimension, name="dimension"))}
    return int(VC_LOWER_BOUND.xreplace(values))


def necessary_width_robust(samples: int, *, dimension: int, depth: int = 1) -> int:
    """The smallest width at which E5.b reaches what robust interpolation of n points asks for.

    The network has `depth` hidden layers, all of that width. Narrower ones provably do not suffice.
    """
    return necessary_width(vc_lower_bound(samples, dimension), dimension=dimension, depth=depth)


def necessary_width_plain(samples: int, *, dimension: int, depth: int = 1) -> int:
    """The same for plain interpolation of every n labelled points, whose VC dimension is at least n."""
    target = VC_LOWER_BOUND_PLAIN.xreplace({n: sympy.Integer(at_least_two(samples))})
    return necessary_width(int(target), dimension=dimension, depth=depth)


def necessary_width(vc_dimension: int, *, dimension: int, depth: int) -> int:
    """The smallest width of `depth` hidden layers at which E5.b is not provably below `vc_dimension`.

    Decided by rigorous enclosures, and decided again at the answer and at the width below it.
    """
    target = sympy.Integer(whole_number(vc_dimension, name="vc_dimension"))

    def excluded(width: int) -> bool:
        return is_less(uniform_upper_bound(width=width, depth=depth, dimension=dimension), target)

    width = _first_not(excluded)
    if excluded(width) or (width > 1 and not excluded(width - 1)):
        raise ArithmeticError(f"the bound E5.b does not grow with the width near {width}")
    return width


def _first_not(excluded: Callable[[int], bool]) -> int:
    """The smallest positive integer that is not excluded, of a range that is excluded up to some point."""
    high = 1
    while excluded(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excluded(middle) else (low, middle)
    return high


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What E5 says of n points in R^d and of networks with `depth` hidden layers of `width` units; all is exact."""

    samples: int
    dimension: int
    depth: int
    width: int
    vc_lower_bound: int
    vc_upper_bound_at_width: int
    necessary_width_robust: int
    necessary_width_plain: int

    @property
    def width_excluded(self) -> bool:
        """True if networks of this width provably cannot do what the theorem is about."""
        return self.width < self.necessary_width_robust

    def statement(self) -> str:
        """The result in prose, with what it is worth."""
        robust, plain = integer_text(self.necessary_width_robust), integer_text(self.necessary_width_plain)
        return (
            f"A class that interpolates every {integer_text(self.samples)} labelled points of R^{self.dimension} that "
            "are pairwise more than 2 delta apart on the balls of radius delta around them has VC dimension at least "
            f"{integer_text(self.vc_lower_bound)} (E5.a). ReLU networks with {_layers(self.depth)} of width "
            f"{integer_text(self.width)} have at most {integer_text(self.vc_upper_bound_at_width)} (E5.b, from a cited "
            f"count of sign patterns){self._verdict()}. Necessary is a width of at least {robust}; plain "
            f"interpolation of all sets of as many points asks for {plain} by the same bound. This is a necessary "
            "condition, not a sufficient one."
        )

    def _verdict(self) -> str:
        return ", which is too little" if self.width_excluded else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "theorem": E5.id,
            "kind": NECESSARY,
            "n": self.samples,
            "dim": self.dimension,
            "depth": self.depth,
            "vc_lower_bound": self.vc_lower_bound,
            "vc_upper_bound_at_width": self.vc_upper_bound_at_width,
            "width": self.width,
            "width_excluded": self.width_excluded,
            "necessary_width_robust": self.necessary_width_robust,
            "necessary_width_plain": self.necessary_width_plain,
            "statement": self.statement(),
        }


def capacity(samples: int, *, dimension: int, depth: int = 1, width: int | None = None) -> Capacity:
    """E5 for n samples in R^dimension; without a width it is taken at the one that is necessary.

    Raises InvalidInput for fewer than two samples, for anything but positive integers, and beyond 10^300.
    """
    for name, value in (("samples", samples), ("dimension", dimension), ("depth", depth), ("width", width or 1)):
        _check_magnitude(name, value)
    sizes = {"dimension": dimension, "depth": depth}
    robust = necessary_width_robust(samples, **sizes)
    chosen = robust if width is None else whole_number(width, name="width")
    return Capacity(
        samples=samples,
        dimension=dimension,
        depth=depth,
        width=chosen,
        vc_lower_bound=vc_lower_bound(samples, dimension),
        vc_upper_bound_at_width=floor_integer(uniform_upper_bound(width=chosen, **sizes)),
        necessary_width_robust=robust,
        necessary_width_plain=necessary_width_plain(samples, **sizes),
    )


def _check_magnitude(name: str, value: int) -> None:
    if whole_number(value, name=name) > 10**LARGEST_EXPONENT:
        raise InvalidInput(f"{name} is {integer_text(value)}: expected at most 10^{LARGEST_EXPONENT}")


def _layers(depth: int) -> str:
    return "one hidden layer" if depth == 1 else f"{integer_text(depth)} hidden layers"

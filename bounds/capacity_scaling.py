"""P4, the paper's capacity result, as recorded: a VC dimension of order n d is needed; E5 is its explicit version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from .errors import InvalidInput
from .exact import Number, ceil_integer, nearest_float, positive, whole_number
from .prose import integer_text, number_text
from .scaling_law import PAPER, PROVENANCE
from .theorem import Kind, Theorem

n, d, C_robust, C_plain = sympy.symbols("n d C_robust C_plain", positive=True)
_CONSTANTS = {"robust": C_robust, "plain": C_plain}


@dataclass(frozen=True, kw_only=True)
class CapacityLawValue:
    """What the law gives for chosen constants: two VC dimensions, rounded up. `kind` is always scaling-law."""

    law: CapacityLaw
    samples: int
    dimension: int
    constants: Mapping[str, sympy.Expr]
    vc_robust: int
    vc_plain: int

    @property
    def kind(self) -> Kind:
        return Kind.SCALING_LAW

    def statement(self) -> str:
        """The value in prose, with everything that keeps it from being a guarantee."""
        chosen = ", ".join(f"{name} = {number_text(value)}" for name, value in self.constants.items())
        return (
            f"Scaling law {self.law.id} ({self.law.source}; {self.law.provenance}) at "
            f"n = {integer_text(self.samples)}, d = {integer_text(self.dimension)}, with constants chosen by the user "
            f"({chosen}): robust interpolation needs VC dimension {integer_text(self.vc_robust)}, plain "
            f"interpolation {integer_text(self.vc_plain)}. "
            "This is no guarantee: the paper does not give the constants."
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "theorem": self.law.id,
            "kind": self.kind.value,
            "source": self.law.source,
            "provenance": self.law.provenance,
            "n": self.samples,
            "dim": self.dimension,
            "constants": {name: nearest_float(value) for name, value in self.constants.items()},
            "vc_robust": self.vc_robust,
            "vc_plain": self.vc_plain,
            "statement": self.statement(),
        }


@dataclass(frozen=True, kw_only=True)
class CapacityLaw(Theorem):
    """A VC dimension up to constants: `robust` for robust, `plain` for plain interpolation, in the symbols above."""

    robust: sympy.Expr
    plain: sympy.Expr
    provenance: str = PROVENANCE

    @property
    def kind(self) -> Kind:
        return Kind.SCALING_LAW

    @property
    def assumptions(self) -> tuple[str, ...]:
        return ("robust interpolation of every 2 delta-separated set of n labelled points of R^d",)

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of the constants that the paper hides and the user has to choose."""
        return tuple(_CONSTANTS)

    def evaluate(self, *, samples: int, dimension: int, constants: Mapping[str, Number]) -> CapacityLawValue:
        """The law in exact arithmetic for the constants given, which must be exactly those of `self.constants`.

        Raises InvalidInput if they are not, or if a value is out of range.
        """
        if set(constants) != set(_CONSTANTS):
            given = f"constants are given for {', '.join(constants)}" if constants else "no constants are given"
            raise InvalidInput(
                f"{given}: {self.id} hides {', '.join(_CONSTANTS)}, which the paper does not give, so "
                "give exactly these"
            )
        chosen = {name: positive(constants[name], name=f"constant {name}") for name in _CONSTANTS}
        values = {_CONSTANTS[name]: value for name, value in chosen.items()}
        values |= {n: sympy.Integer(whole_number(samples, name="samples"))}
        values |= {d: sympy.Integer(whole_number(dimension, name="dimension"))}
        return CapacityLawValue(
            law=self,
            samples=samples,
            dimension=dimension,
            constants=chosen,
            vc_robust=ceil_integer(self.robust.xreplace(values)),
            vc_plain=ceil_integer(self.plain.xreplace(values)),
        )


P4 = CapacityLaw(
    id="P4",
    title="capacity",
    source=f"{PAPER} Section 6",
    statement=(
        "A function class that can delta-robustly interpolate every 2 delta-separated set of n labelled points in R^d "
        "has VC dimension Omega(n d); plain interpolation needs only n. With VC = O(W L log W) for ReLU networks of W "
        "parameters and L layers, robust interpolation asks for wider networks."
    ),
    latex=r"\mathrm{VC}=\Omega(nd)\ \text{for robust},\qquad\mathrm{VC}\ge n\ \text{for plain interpolation}",
    needs=("n", "d"),
    robust=C_robust * n * d,
    plain=C_plain * n,
)

"""Asymptotic statements of the paper, recorded as scaling laws: the constants are the user's, never ours.

A number computed here is what the law gives with chosen constants. It guarantees nothing and is never mixed
with the guarantees of the E theorems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from .errors import InvalidInput
from .exact import Number, ceil_integer, nearest_float, positive, whole_number
from .prose import integer_text, number_text
from .theorem import Kind, Theorem

PAPER = "arXiv:1906.07916v2"
PROVENANCE = "recorded, text not re-read"

R, H, d, epsilon, m, alpha = sympy.symbols("R H d epsilon m alpha", positive=True)
C_width, C_dimension, C_step_size, C_iterations = sympy.symbols(
    "C_width C_dimension C_step_size C_iterations", positive=True
)
_VARIABLES = {"radius": R, "depth": H, "dimension": d, "epsilon": epsilon}
_CONSTANTS = {symbol.name.removeprefix("C_"): symbol for symbol in (C_width, C_dimension, C_step_size, C_iterations)}


@dataclass(frozen=True)
class ScalingLawValue:
    """What a scaling law gives for chosen constants. `kind` is always scaling-law."""

    law: ScalingLaw
    variables: Mapping[str, sympy.Expr]
    constants: Mapping[str, sympy.Expr]
    width: int
    step_size: sympy.Expr
    iterations: int

    @property
    def kind(self) -> Kind:
        return Kind.SCALING_LAW

    @property
    def provenance(self) -> str:
        return self.law.provenance

    @property
    def remark(self) -> str:
        return self.law.remark

    def statement(self) -> str:
        """The value in prose, with everything that keeps it from being a guarantee."""
        chosen = ", ".join(f"{name} = {number_text(value)}" for name, value in self.constants.items())
        given = ", ".join(f"{name} = {number_text(value)}" for name, value in self.variables.items())
        return (
            f"Scaling law {self.law.id} ({self.law.source}; {self.provenance}) at {given}, with constants "
            f"chosen by the user ({chosen}): width {integer_text(self.width)}, step size "
            f"{number_text(self.step_size)}, {integer_text(self.iterations)} iterations. This is no "
            "guarantee: the paper does not give the "
            f"constants. {self.remark}".rstrip()
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "theorem": self.law.id,
            "kind": self.kind.value,
            "source": self.law.source,
            "provenance": self.provenance,
            **{name: _plain(value) for name, value in self.variables.items()},
            "constants": {name: nearest_float(value) for name, value in self.constants.items()},
            "width": self.width,
            "step_size": nearest_float(self.step_size),
            "iterations": self.iterations,
            "remark": self.remark,
            "statement": self.statement(),
            "exact": {name: str(value) for name, value in {**self.variables, "step_size": self.step_size}.items()},
        }


@dataclass(frozen=True, kw_only=True)
class ScalingLaw(Theorem):
    """A statement with hidden constants: the width is the largest of `widths`, in the symbols above."""

    widths: tuple[sympy.Expr, ...]
    step_size: sympy.Expr
    iterations: sympy.Expr
    hypotheses: tuple[str, ...]
    remark: str = ""
    provenance: str = PROVENANCE

    @property
    def kind(self) -> Kind:
        return Kind.SCALING_LAW

    @property
    def assumptions(self) -> tuple[str, ...]:
        return self.hypotheses

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of what the law depends on."""
        return tuple(name for name, symbol in _VARIABLES.items() if symbol in self._symbols)

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of the constants that the paper hides and the user has to choose."""
        return tuple(name for name, symbol in _CONSTANTS.items() if symbol in self._symbols)

    @property
    def _symbols(self) -> set[sympy.Symbol]:
        return {*self.step_size.free_symbols, *self.iterations.free_symbols}.union(
            *(width.free_symbols for width in self.widths)
        )

    def evaluate(
        self,
        *,
        epsilon: Number,
        radius: Number,
        constants: Mapping[str, Number],
        depth: int | None = None,
        dimension: int | None = None,
    ) -> ScalingLawValue:
        """Width, step size and iterations of the law, in exact arithmetic, for the constants given.

        `constants` must name exactly those of `self.constants`. Raises InvalidInput if it does not, if a
        variable of the law is missing, or if a value is out of range.
        """
        given = {"radius": radius, "epsilon": epsilon, "depth": depth, "dimension": dimension}
        variables = {name: self._variable(name, given[name]) for name in self.variables}
        chosen = self._chosen(constants)
        values = {_VARIABLES[name]: value for name, value in variables.items()}
        values |= {_CONSTANTS[name]: value for name, value in chosen.items()}
        width = max(ceil_integer(bound.xreplace(values)) for bound in self.widths)
        values[m] = sympy.Integer(width)
        values[alpha] = self.step_size.xreplace(values)
        return ScalingLawValue(
            law=self,
            variables=variables,
            constants=chosen,
            width=width,
            step_size=values[alpha],
            iterations=ceil_integer(self.iterations.xreplace(values)),
        )

    def _variable(self, name: str, value: Any) -> sympy.Expr:
        if value is None:
            raise InvalidInput(f"{name} is missing: {self.id} depends on {', '.join(self.variables)}")
        if name in ("depth", "dimension"):
            return sympy.Integer(whole_number(value, name=name))
        return positive(value, name=name)

    def _chosen(self, constants: Mapping[str, Number]) -> dict[str, sympy.Expr]:
        if set(constants) != set(self.constants):
            given = f"constants are given for {', '.join(constants)}" if constants else "no constants are given"
            raise InvalidInput(
                f"{given}: {self.id} hides {', '.join(self.constants)}, which the paper does not give, so "
                "give exactly these"
            )
        return {name: positive(constants[name], name=f"constant {name}") for name in self.constants}


def _plain(value: sympy.Expr) -> int | float:
    return int(value) if value.is_Integer else nearest_float(value)

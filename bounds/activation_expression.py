"""Activations typed as text, such as log(cosh(z)): read without evaluating any code.

>>> activation_from_text("log(cosh(z))").curvature_lipschitz
4*sqrt(3)/9
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sympy

from .activation import Activation, z
from .errors import InvalidInput, expected_one_of
from .exact import exact

EXAMPLE = "log(cosh(z))"
_LONGEST = 300
_HIGHEST_POWER = 64
_LARGEST_BITS = 1100


@lru_cache(maxsize=128)
def activation_from_text(text: str) -> Activation:
    """The activation of an expression in z, with its constants found and proved; its name is the text.

    Known are + - * / ** (powers up to 64), comparisons within Piecewise((value, condition), ..., (value, True)), pi, e,
    the functions below and the activations of the table. Decimals are exact: 0.1 is 1/10. Raises InvalidInput with
    what is wrong for anything else, and for functions that are not continuous and real on the whole line.
    """
    name = " ".join(text.split())
    return Activation.define(name, expression_from_text(name))


def expression_from_text(text: str) -> sympy.Expr:
    """The SymPy expression in z that the text stands for. Raises InvalidInput naming what cannot be read."""
    if len(text) > _LONGEST:
        raise InvalidInput(f"the activation has {len(text)} characters: expected at most {_LONGEST}")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidInput(
            f"activation {text!r} cannot be read: expected an expression in z, such as {EXAMPLE}"
        ) from None
    try:
        expression = _Reader(text).read(tree)
    except InvalidInput as error:
        raise InvalidInput(f"activation {text!r}: {error}") from None
    if not isinstance(expression, sympy.Expr) or not expression.has(z):
        raise InvalidInput(f"activation {text!r}: expected an expression in z, such as {EXAMPLE}")
    return expression


class _Reader:
    """Turns the syntax tree of an expression into SymPy, node by node, and refuses every node that it does not know."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, node: ast.expr) -> Any:
        rule = _NODES.get(type(node))
        if rule is None:
            raise InvalidInput(f"cannot read {self._source(node)!r}")
        return _checked(rule(self, node), self._source(node))

    def _source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self._text, node) or self._text

    def constant(self, node: ast.Constant) -> Any:
        if node.value is True:
            return sympy.true
        if type(node.value) in (int, float):
            return exact(self._source(node).replace("_", ""), name="a number")
        raise InvalidInput(f"cannot read {self._source(node)!r}: expected a real number")

    def name(self, node: ast.Name) -> sympy.Expr:
        if node.id in _NAMES:
            return _NAMES[node.id]
        if node.id in _functions():
            raise InvalidInput(f"{node.id} is a function: write {node.id}(z)")
        raise InvalidInput(f"unknown name {node.id!r}: expected an expression in z, such as {EXAMPLE}")

    def unary(self, node: ast.UnaryOp) -> sympy.Expr:
        if not isinstance(node.op, ast.USub | ast.UAdd):
            raise InvalidInput(f"cannot read {self._source(node)!r}")
        operand = self._number(node.operand)
        return -operand if isinstance(node.op, ast.USub) else operand

    def binary(self, node: ast.BinOp) -> sympy.Expr:
        if isinstance(node.op, ast.BitXor):
            raise InvalidInput("cannot read '^': write ** for powers")
        operation = _OPERATIONS.get(type(node.op))
        if operation is None:
            raise InvalidInput(f"cannot read {self._source(node)!r}")
        left, right = self._number(node.left), self._number(node.right)
        if isinstance(node.op, ast.Pow) and right.is_Rational and abs(right) > _HIGHEST_POWER:
            raise InvalidInput(f"the power {right}: expected at most {_HIGHEST_POWER}")
        return operation(left, right)

    def call(self, node: ast.Call) -> sympy.Expr:
        name = node.func.id if isinstance(node.func, ast.Name) else self._source(node.func)
        if name == "Piecewise":
            return self._piecewise(node)
        if name in _STEPS:
            raise InvalidInput(f"{name} is not continuous")
        function = _functions().get(name)
        if function is None:
            raise InvalidInput(f"unknown function {name!r}: {expected_one_of(name, sorted(_functions()))}")
        arguments = [self._number(argument) for argument in node.args]
        several = name.lower() in ("max", "min")
        if node.keywords or not arguments or (len(arguments) > 1 and not several):
            raise InvalidInput(
                f"{name} takes {'some numbers' if several else 'one argument'}, got {self._source(node)!r}"
            )
        return function(*arguments)

    def _piecewise(self, node: ast.Call) -> sympy.Expr:
        pairs = []
        for pair in node.args:
            if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
                raise InvalidInput(f"cannot read {self._source(pair)!r}: expected (value, condition)")
            pairs.append((self._number(pair.elts[0]), self._condition(pair.elts[1])))
        if not pairs or pairs[-1][1] != sympy.true:
            raise InvalidInput("Piecewise has to end with (value, True)")
        return sympy.Piecewise(*pairs)

    def compare(self, node: ast.Compare) -> Any:
        comparison = _COMPARISONS.get(type(node.ops[0]))
        if comparison is None or len(node.ops) > 1:
            raise InvalidInput(f"cannot read {self._source(node)!r}: expected one of < <= > >=")
        return comparison(self._number(node.left), self._number(node.comparators[0]))

    def _number(self, node: ast.expr) -> sympy.Expr:
        value = self.read(node)
        if not isinstance(value, sympy.Expr):
            raise InvalidInput(f"{self._source(node)!r} is no number")
        return value

    def _condition(self, node: ast.expr) -> Any:
        value = self.read(node)
        if isinstance(value, sympy.Expr):
            raise InvalidInput(f"{self._source(node)!r} is no condition")
        return value


def _checked(value: Any, source: str) -> Any:
    """The value, unless it is infinite, complex or too large to work with."""
    if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise InvalidInput(f"{source!r} is not finite")
    if value.has(sympy.I):
        raise InvalidInput(f"{source!r} is not real")
    for number in value.atoms(sympy.Rational):
        if max(int(abs(number.p)).bit_length(), int(number.q).bit_length()) > _LARGEST_BITS:
            raise InvalidInput(f"{source!r} has a number of more than 300 digits")
    for power in value.atoms(sympy.Pow):
        if power.exp.is_Rational and abs(power.exp) > _HIGHEST_POWER:
            raise InvalidInput(f"the power {power.exp}: expected at most {_HIGHEST_POWER}")
    return value


@lru_cache(maxsize=1)
def _functions() -> Mapping[str, Callable[..., sympy.Expr]]:
    """Real functions by the names that people type for them, the activations of the table among them."""
    from .activation_table import ACTIVATIONS  # which looks texts up here

    table = {name: _composed(row.expression) for name, row in ACTIVATIONS.items()}
    usual = {name: getattr(sympy, name) for name in _USUAL}
    return {**table, **usual, **_ALIASES}


def _composed(expression: sympy.Expr) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda argument: expression.xreplace({z: argument})


_USUAL = "exp log sqrt sin cos tan sinh cosh tanh sech csch coth asinh atan erf erfc sign Abs Max Min".split()
_ALIASES: Mapping[str, Callable[..., sympy.Expr]] = {
    "abs": sympy.Abs,
    "arcsinh": sympy.asinh,
    "arctan": sympy.atan,
    "ln": sympy.log,
    "max": sympy.Max,
    "min": sympy.Min,
}
_STEPS = ("ceil", "ceiling", "floor", "heaviside", "round", "step")
_NAMES: Mapping[str, sympy.Expr] = {"z": z, "pi": sympy.pi, "e": sympy.E, "E": sympy.E}
_OPERATIONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.Pow: lambda left, right: left**right,
}
_COMPARISONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Lt: sympy.Lt,
    ast.LtE: sympy.Le,
    ast.Gt: sympy.Gt,
    ast.GtE: sympy.Ge,
}
_NODES: Mapping[type, Callable[[_Reader, Any], Any]] = {
    ast.Constant: _Reader.constant,
    ast.Name: _Reader.name,
    ast.UnaryOp: _Reader.unary,
    ast.BinOp: _Reader.binary,
    ast.Call: _Reader.call,
    ast.Compare: _Reader.compare,
}

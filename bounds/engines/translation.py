"""From SymPy formulas over the reals to polynomial ones for z3.

Quotients are multiplied out. A root, Abs, Max, Min or Piecewise becomes a new variable with its definition. A constant
such as pi becomes a new variable between two rationals, and a function such as exp(x) an arbitrary real, the same one
wherever the same expression stands. None of these takes a value from the symbols: what is true of all values of the
new variables is true.

A relation holds only where both its sides are defined: denominators not 0, radicands not negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from ..errors import InvalidInput
from .rational_bounds import rational_bounds
from .relations import as_formula, without_negations

_SIGNS = ("positive", "negative", "nonnegative", "nonpositive", "nonzero")
_UNEVALUATED = (AppliedUndef, sympy.Integral, sympy.Sum, sympy.Derivative, sympy.Limit)


@dataclass(frozen=True)
class Term:
    """A rational function of the variables, and the conditions under which it is defined."""

    expression: Any
    conditions: tuple[Any, ...] = ()


@dataclass
class Translation:
    """The variables met so far and what is known about them."""

    z3: Any
    context: Any = None
    variables: dict[Any, Any] = field(default_factory=dict)
    replaced: dict[Any, Any] = field(default_factory=dict)
    definitions: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context = self.z3.Context()

    def fact(self, formula: Any) -> Any:
        """The z3 formula that holds where `formula` does; a relation that is undefined does not hold."""
        return self._formula(as_formula(formula))

    def denial(self, conclusion: Any) -> Any:
        """The z3 formula that holds where `conclusion` does not, or is undefined."""
        return self.z3.Not(self._formula(without_negations(conclusion)))

    def symbols(self) -> dict[Any, Any]:
        """The z3 variables of the symbols and of the functions without a definition, by expression."""
        own = {symbol: variable for symbol, variable in self.variables.items() if not isinstance(symbol, _Auxiliary)}
        undefined = {e: self.variables[part] for e, part in self.replaced.items() if isinstance(e, AppliedUndef)}
        return own | undefined

    def known(self) -> list[Any]:
        """What holds of the variables by their declaration or definition."""
        return [*self.definitions, *(fact for symbol in self.variables for fact in self._declared(symbol))]

    def _declared(self, symbol: Any) -> Iterator[Any]:
        variable = self.variables[symbol]
        if symbol.is_positive:
            yield variable > 0
        elif symbol.is_negative:
            yield variable < 0
        else:
            if symbol.is_nonnegative:
                yield variable >= 0
            if symbol.is_nonpositive:
                yield variable <= 0
            if symbol.is_nonzero:
                yield variable != 0

    def _formula(self, formula: Any) -> Any:
        if formula in (sympy.true, sympy.false):
            return self.z3.BoolVal(bool(formula), self.context)
        if isinstance(formula, sympy.And | sympy.Or):
            join = self._all if isinstance(formula, sympy.And) else self._any
            return join(self.fact(part) for part in formula.args)
        if isinstance(formula, sympy.Not):
            return self.z3.Not(self.fact(formula.args[0]))
        if isinstance(formula, sympy.Implies):
            return self.z3.Implies(*(self.fact(part) for part in formula.args))
        left, right = (self.term(side) for side in formula.args)
        relation = self._relation(formula.func, left.expression - right.expression)
        return self._all((*left.conditions, *right.conditions, relation))

    def _all(self, formulas: Iterable[Any]) -> Any:
        parts = list(formulas)
        return self.z3.And(parts) if parts else self.z3.BoolVal(True, self.context)

    def _any(self, formulas: Iterable[Any]) -> Any:
        parts = list(formulas)
        return self.z3.Or(parts) if parts else self.z3.BoolVal(False, self.context)

    def _relation(self, kind: Any, difference: Any) -> Any:
        """`difference` compared with 0, without its denominator (which is not 0 where it is defined)."""
        numerator, denominator = sympy.fraction(sympy.together(difference))
        if kind not in (sympy.Eq, sympy.Ne) and not denominator.is_positive:
            numerator = numerator * denominator
        return _COMPARE[kind](self._polynomial(numerator))

    def _polynomial(self, expression: Any) -> Any:
        if expression.is_Rational:
            return self.z3.RealVal(str(expression), self.context)
        if expression.is_Symbol:
            return self.variables[expression]
        if expression.is_Add or expression.is_Mul:
            total, *others = (self._polynomial(part) for part in expression.args)
            for part in others:
                total = total + part if expression.is_Add else total * part
            return total
        if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
            base = self._polynomial(expression.base)
            return self.z3.Product([base] * int(expression.exp))
        raise InvalidInput(f"cannot write {expression} as a polynomial")

    def term(self, expression: Any) -> Term:
        """`expression` as a rational function of variables. Raises InvalidInput for what is not real."""
        if expression.is_Rational:
            return Term(expression)
        if expression.is_Symbol:
            return Term(self._symbol(expression))
        if expression.is_Add or expression.is_Mul:
            return self._combined(expression.func, [self.term(part) for part in expression.args])
        if expression.is_Pow and expression.exp.is_Rational:
            return self._power(expression.base, expression.exp)
        if isinstance(expression, sympy.exp | sympy.Pow):
            return self._exponential(*expression.as_base_exp())
        rule = _RULES.get(expression.func)
        if rule is not None:
            return rule(self, expression)
        return self._atom(expression)

    def _atom(self, expression: Any) -> Term:
        return self._opaque(expression) if expression.free_symbols else self._constant(expression)

    def _symbol(self, symbol: Any) -> Any:
        if symbol in self.variables:
            return symbol
        if symbol.is_real is not True:
            raise InvalidInput(f"symbol {symbol} is not real: declare it with real=True or positive=True")
        if not symbol.is_Dummy and any(str(other) == str(symbol) for other in self.variables if not other.is_Dummy):
            raise InvalidInput(f"two symbols are called {symbol}: they differ in their assumptions")
        self._declare(symbol)
        return symbol

    def _declare(self, symbol: Any) -> None:
        self.variables[symbol] = self.z3.Real(f"v{len(self.variables)}", self.context)

    def _combined(self, operation: Any, terms: list[Term]) -> Term:
        conditions = tuple(condition for term in terms for condition in term.conditions)
        return Term(operation(*(term.expression for term in terms)), conditions)

    def _exponential(self, base: Any, exponent: Any) -> Term:
        """base^exponent, split at sums and rational factors of the exponent, so that exp(-x) is 1 / exp(x)."""
        if not base.is_positive:
            return self._atom(base**exponent)
        powers = []
        for part in sympy.Add.make_args(sympy.expand_mul(exponent)):
            factor, rest = part.as_coeff_Mul()
            unit = base**rest
            whole = not isinstance(unit, sympy.exp | sympy.Pow) or unit.exp.is_Rational
            powers.append(self._raised(self.term(unit) if whole else self._atom(unit), unit, factor))
        return self._combined(sympy.Mul, powers)

    def _power(self, base: Any, exponent: Any) -> Term:
        return self._raised(self.term(base), base, exponent)

    def _raised(self, term: Term, original: Any, exponent: Any) -> Term:
        """`term`, which stands for the expression `original`, to a rational power."""
        if not exponent.is_Integer:
            term = self._root(term, original, int(exponent.q))
        conditions = term.conditions
        if exponent.is_negative and not original.is_nonzero:
            conditions = (*conditions, self._relation(sympy.Ne, term.expression))
        return Term(term.expression**exponent.p, conditions)

    def _root(self, radicand: Term, original: Any, degree: int) -> Term:
        conditions = radicand.conditions
        if not original.is_nonnegative:
            conditions = (*conditions, self._relation(sympy.Ge, radicand.expression))
        key = ("root", radicand.expression, degree)
        if key not in self.replaced:
            root = self._fresh(key, {"positive": True} if original.is_positive else {"nonnegative": True})
            self._define(conditions, self._relation(sympy.Eq, root**degree - radicand.expression))
        return Term(self.replaced[key], conditions)

    def _fresh(self, key: Any, signs: dict[str, bool]) -> Any:
        symbol = _Auxiliary("v", real=True, **signs)
        self.replaced[key] = symbol
        self._declare(symbol)
        return symbol

    def _define(self, conditions: tuple[Any, ...], definition: Any) -> None:
        guarded = self.z3.Implies(self._all(conditions), definition) if conditions else definition
        self.definitions.append(guarded)

    def _constant(self, expression: Any) -> Term:
        """A constant that is not algebraic in others: any real between two rational bounds."""
        if expression not in self.replaced:
            below, above = rational_bounds(expression)
            signs = {"positive": True} if below >= 0 else {"negative": True} if above <= 0 else {}
            symbol = self._fresh(expression, signs)
            self._define((), self._relation(sympy.Gt, symbol - below))
            self._define((), self._relation(sympy.Lt, symbol - above))
        return Term(self.replaced[expression])

    def _opaque(self, expression: Any) -> Term:
        """A function of the symbols: any real with the sign that SymPy knows it to have."""
        conditions: tuple[Any, ...] = ()
        if isinstance(expression, sympy.log):
            argument = self.term(expression.args[0])
            conditions = (*argument.conditions, self._relation(sympy.Gt, argument.expression))
        elif expression.is_real is not True and not isinstance(expression, _UNEVALUATED):
            raise InvalidInput(f"{expression} is not known to be real")
        if expression not in self.replaced:
            for symbol in sorted(expression.free_symbols, key=str):
                self._symbol(symbol)
            self._fresh(expression, _signs_of(expression))
            if isinstance(expression, AppliedUndef):
                self._agree_with_earlier_calls(expression)
        return Term(self.replaced[expression], conditions)

    def _agree_with_earlier_calls(self, call: Any) -> None:
        """An unknown function takes equal values at equal arguments."""
        for other in [other for other in self.replaced if isinstance(other, AppliedUndef) and other.func == call.func]:
            pairs = zip(call.args, other.args, strict=True)
            differences = [self.term(one - another) for one, another in pairs]
            if other == call or any(each.expression.is_nonzero for each in differences):
                continue
            equal = [self._relation(sympy.Eq, each.expression) for each in differences]
            defined = self._combined(sympy.Add, differences).conditions
            self._define((*equal, *defined), self._relation(sympy.Eq, self.replaced[call] - self.replaced[other]))

    def _choice(self, expression: Any) -> Term:
        """Max, Min or Abs: one of the candidates, and not less (or more) than any of them."""
        candidates = [self.term(part) for part in expression.args]
        if expression.func is sympy.Abs:
            candidates.append(Term(-candidates[0].expression, candidates[0].conditions))
        side = sympy.Le if expression.func is sympy.Min else sympy.Ge
        conditions = self._combined(sympy.Add, candidates).conditions
        if expression not in self.replaced:
            chosen = self._fresh(expression, _signs_of(expression))
            differences = [chosen - candidate.expression for candidate in candidates]
            extreme = [self._relation(side, difference) for difference in differences]
            attained = self._any(self._relation(sympy.Eq, difference) for difference in differences)
            self._define(conditions, self._all((*extreme, attained)))
        return Term(self.replaced[expression], conditions)

    def _piecewise(self, expression: Any) -> Term:
        earlier: list[Any] = []
        conditions, definitions = [], []
        value = self.replaced.get(expression)
        fresh = value is None
        if fresh:
            value = self._fresh(expression, _signs_of(expression))
        for branch, condition in expression.args:
            own = self.fact(condition)
            fires = self._all((*(self.z3.Not(other) for other in earlier), own))
            earlier.append(own)
            term = self.term(branch)
            conditions += [self.z3.Implies(fires, each) for each in term.conditions]
            agrees = self._relation(sympy.Eq, value - term.expression)
            definitions.append(self.z3.Implies(self._all((fires, *term.conditions)), agrees))
        if fresh:
            self.definitions += definitions
        if expression.args[-1].cond != sympy.true:
            conditions.append(self._any(earlier))
        return Term(value, tuple(conditions))


class _Auxiliary(sympy.Dummy):  # type: ignore[misc]
    """A variable that stands for a sub-expression."""


def _signs_of(expression: Any) -> dict[str, bool]:
    return {sign: True for sign in _SIGNS if getattr(expression, f"is_{sign}") is True}


_COMPARE: dict[Any, Callable[[Any], Any]] = {
    sympy.Le: lambda value: value <= 0,
    sympy.Lt: lambda value: value < 0,
    sympy.Ge: lambda value: value >= 0,
    sympy.Gt: lambda value: value > 0,
    sympy.Eq: lambda value: value == 0,
    sympy.Ne: lambda value: value != 0,
}
_RULES: dict[Any, Callable[[Translation, Any], Term]] = {
    sympy.Max: Translation._choice,
    sympy.Min: Translation._choice,
    sympy.Abs: Translation._choice,
    sympy.Piecewise: Translation._piecewise,
}

"""The constants B_1, beta and gamma of the activations: least ones, or proved not to exist.

Machine-checked, for every activation of the table: that its formula is the function of that name; that each constant is
the supremum over the whole real line, equality at its maximiser or in its limit included (see `engines.supremum` for
what is proved there); that where there is a Lipschitz constant the function is continuous and smooth between its
break points; that those which are None do not exist; and what scaling does to them. Nothing is cited or assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Integral, Max, Rational, cos, exp, oo, pi, sin, sqrt

from ..activation import NAMES, Activation, z
from ..activation_table import ACTIVATIONS, get_activation
from ..engines.branches import jump
from ..engines.closed_form import is_zero
from ..engines.engine import Engine
from ..engines.extremum import NotBounded, largest_seen, supremum
from ..engines.identity import Identity
from ..engines.lipschitz import Lipschitz, LipschitzBound, NotLipschitz
from ..engines.relations import at_most, equal
from ..proof import Proof, Step
from .building import by, defined, equals, follows, positives, reals

TINY = Rational(1, 10**9)
_LETTERS = {"derivative_bound": "B_1", "derivative_lipschitz": "beta", "curvature_lipschitz": "gamma"}
_CLAIMS = {
    "derivative_bound": "sup |sigma'|",
    "derivative_lipschitz": "Lip(sigma')",
    "curvature_lipschitz": "Lip(sigma'')",
}
_PRIMES = ("sigma", "sigma'", "sigma''")

t = sympy.Symbol("t", real=True)
s = positives("s")[0]


def proof() -> Proof:
    """The proof that theorems with these activations rest on."""
    rows = [step for activation in ACTIVATIONS.values() for step in _row(activation)]
    return Proof("activations", "constants of the activations", (*rows, *_scaling()))


def prove_constants(activation: Activation) -> tuple[Step, ...]:
    """One step for each constant of any activation: that it is the least one, an upper bound, or does not exist.

    There is no step for a constant of which only is known that it could not be bounded.
    """
    return tuple(_constant_steps(activation))


def _row(activation: Activation) -> Iterator[Step]:
    yield _definition(activation)
    yield from _constant_steps(activation)


def _definition(activation: Activation) -> Step:
    """The formula of the table is the function that its name stands for, written in another way."""
    name, claim = f"{activation.name}.sigma", _MEANINGS[activation.name]
    if activation.expression.has(sympy.Piecewise):
        variants = {"one per cent larger": equal(activation.expression * Rational(101, 100), claim)}
        return follows(name, f"sigma(z) = {claim}", equal(activation.expression, claim), falsified=variants)
    if activation.name == "softplus":
        return equals(name, f"exp sigma(z) = {claim}", sympy.expand(exp(activation.expression)), claim)
    return equals(name, f"sigma(z) = {claim}", activation.expression, claim)


_MEANINGS = {
    "erf": 2 / sqrt(pi) * Integral(exp(-(t**2)), (t, 0, z)),
    "tanh": (exp(z) - exp(-z)) / (exp(z) + exp(-z)),
    "softplus": 1 + exp(z),
    "sigmoid": 1 / (1 + exp(-z)),
    "gelu": z * Integral(exp(-(t**2) / 2) / sqrt(2 * pi), (t, -oo, z)),
    "sin": Integral(cos(t), (t, 0, z)),
    "sin_cos": sqrt(2) * sin(z + pi / 4),
    "quadratic_relu": Max(0, z) ** 2,
    "relu": Max(0, z),
}


def _constant_steps(activation: Activation) -> Iterator[Step]:
    for order, constant in enumerate(NAMES, start=1):
        value = getattr(activation, constant)
        name = f"{activation.label}.{_LETTERS[constant]}"
        if value is None:
            missing = _missing(activation, order)
            if missing is not None:
                yield _nonexistence(name, missing, activation)
        elif _is_least(activation, order, value):
            yield _least(name, activation, order, value)
        else:
            yield _upper_bound(name, activation, order, value)


def _is_least(activation: Activation, order: int, value: sympy.Expr) -> bool:
    """Whether the claim is that of equality: always for the table, elsewhere where it can be proved."""
    if ACTIVATIONS.get(activation.name) == activation:
        return True
    try:
        found = supremum(activation.derivative(order), z)
    except NotBounded:
        return False
    return found.exact and is_zero(found.value - value)


def _least(name: str, activation: Activation, order: int, value: sympy.Expr) -> Step:
    function = activation.derivative(order - 1)
    margin = TINY * (value if value != 0 else 1)
    return by(
        name,
        f"{_CLAIMS[NAMES[order - 1]]} = {value}",
        Lipschitz(function, z, value),
        falsified={
            "a billionth smaller": Lipschitz(function, z, value - margin),
            "a billionth larger": Lipschitz(function, z, value + margin),
        },
    )


def _upper_bound(name: str, activation: Activation, order: int, value: sympy.Expr) -> Step:
    function = activation.derivative(order - 1)
    exceeded = largest_seen(activation.derivative(order), z)[0] * (1 - TINY)
    return by(
        name,
        f"{_CLAIMS[NAMES[order - 1]]} <= {value}",
        LipschitzBound(function, z, value),
        falsified={f"{sympy.N(exceeded, 12)} instead": LipschitzBound(function, z, exceeded)},
    )


def _missing(activation: Activation, order: int) -> int | None:
    """The order of the derivative that has no Lipschitz constant, which is why that of `order` - 1 has none."""
    for lower in range(1, order):
        if jump(activation.derivative(lower), z) is not None:
            return lower
    try:
        return order - 1 if supremum(activation.derivative(order), z).infinite else None
    except NotBounded:
        return None


def _nonexistence(name: str, order: int, activation: Activation) -> Step:
    function, bound = activation.derivative(order), 10**6
    return by(
        name,
        f"{_PRIMES[order]} has no Lipschitz constant",
        NotLipschitz(function, z),
        falsified={f"it has the Lipschitz constant {bound}": LipschitzBound(function, z, sympy.Integer(bound))},
    )


def _scaling() -> Iterator[Step]:
    """sigma(s z): B_1, beta and gamma are multiplied by s, s^2, s^3."""
    sigma, sup, value = sympy.Function("sigma"), *reals("sup value")
    for order in (1, 2, 3):
        scaled = sympy.diff(sigma(s * z), z, order)
        formal = sympy.Subs(sympy.Derivative(sigma(t), (t, order)), t, s * z)
        yield by(
            f"scaling.derivative.{order}",
            f"the derivative of order {order} of sigma(s z) is s^{order} times that of sigma, at s z",
            Identity(scaled, s**order * formal),
            falsified={"one power of s more, for exp": _exponential(order, order + 1)},
        )
        within = defined("|value| <= sup, for sigma's derivative at s z", at_most(sympy.Abs(value), sup))
        yield follows(
            f"scaling.bound.{order}",
            f"|s^{order} value| <= s^{order} sup",
            at_most(sympy.Abs(s**order * value), s**order * sup),
            within,
            falsified={"one power of s less": at_most(sympy.Abs(s**order * value), s ** (order - 1) * sup)},
        )
    yield from _constant_steps(get_activation("tanh", 3))


def _exponential(order: int, power: int) -> Engine:
    return Identity(sympy.diff(exp(s * z), z, order), s**power * exp(s * z))

"""The properties of the losses: convex and nonnegative, with the least L and H, 0 at the label, what an error costs.

Machine-checked for every loss, and for every margin in (0, 1] and every kappa > 0 where it has one; nothing is cited.
The margin losses depend on u = y f alone (y = 1 or -1), the regression losses on u = f - y, as phi(u). For the logistic
loss H = 1/4 is the least Lipschitz constant of phi'; the inequality |l'|^2 <= 2 H l alone would hold with less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy
from sympy import Abs, Rational, pi

from ..engines.engine import Engine, Fact
from ..engines.finite import Exact
from ..engines.identity import Identity
from ..engines.lipschitz import Lipschitz
from ..engines.relations import at_most, equal, less
from ..engines.sign import Sign
from ..errors import InvalidInput
from ..loss import LOSSES, Loss, f, hinge, huber, squared_hinge, y
from ..outcome import Outcome
from ..proof import Proof, Step
from .building import by, defined, equals, follows, given, positives, reals

TINY = Rational(1, 10**9)
u, v = reals("u v")
tau, kappa, H = positives("tau kappa H")
bound = sympy.Symbol("L", nonnegative=True)
LABEL = given("y = 1 or y = -1", equal(y**2, 1))


@dataclass(frozen=True)
class Case:
    """A loss with its parameter as a symbol, as phi(u), and what the proof needs to know of it.

    `inside` and `outside` are a point where phi is steepest per unit of its value, and two between which it is linear.
    """

    name: str
    loss: Loss
    facts: tuple[Fact, ...]
    margin: bool
    inside: sympy.Expr
    outside: tuple[sympy.Expr, sympy.Expr]
    nearly_flat: sympy.Expr | None = None

    @property
    def phi(self) -> sympy.Expr:
        expression = self.loss.expression
        if self.margin:
            return expression.xreplace({f: y * u}).xreplace({y**2: sympy.Integer(1)})
        return expression.xreplace({f: u + y})

    @property
    def slope(self) -> sympy.Expr:
        """phi' with the subgradient nearest to 0 at a kink."""
        step = sympy.diff(self.phi, u).replace(sympy.Heaviside, lambda x, *_: sympy.Piecewise((1, x > 0), (0, True)))
        return step.replace(sympy.sign, lambda x: sympy.Piecewise((1, x > 0), (-1, x < 0), (0, True)))

    def at(self, point: Any, function: sympy.Expr | None = None) -> sympy.Expr:
        return (self.phi if function is None else function).xreplace({u: sympy.sympify(point)})


def proof() -> Proof:
    """The proof that theorems with these losses rest on."""
    steps = [step for case in _cases() for step in _steps(case)]
    return Proof("losses", "properties of the losses", (*steps, *_logistic(LOSSES["logistic"]), *_parameters()))


def _cases() -> Iterator[Case]:
    """Parameters are put in as pi, which nothing else contains, and then read as symbols."""
    in_range = (given("tau <= 1", at_most(tau, 1)),)
    for loss in (hinge(1 / pi), squared_hinge(1 / pi)):
        generic = _with_symbol(loss, {pi: 1 / tau})
        yield Case(loss.name, generic, in_range, True, sympy.Integer(0), (-1, -2), tau - 1 / (4 * H))
    yield Case("absolute", LOSSES["absolute"], (), False, sympy.Integer(1), (1, 2), 1 / (4 * H))
    large, small = given("kappa >= 1", at_most(1, kappa)), given("kappa < 1", less(kappa, 1))
    for name, loss, value, fact in (
        ("huber, kappa >= 1", huber(pi), kappa, large),
        ("huber, kappa < 1", huber(1 / pi), 1 / kappa, small),
    ):
        yield Case(name, _with_symbol(loss, {pi: value}), (fact,), False, kappa, (kappa, kappa + 1))


def _with_symbol(loss: Loss, values: dict[sympy.Expr, sympy.Expr]) -> Loss:
    def put_in(constant: sympy.Expr | None) -> sympy.Expr | None:
        return None if constant is None else constant.xreplace(values)

    return replace(
        loss,
        expression=loss.expression.xreplace(values),
        lipschitz=put_in(loss.lipschitz),
        smoothness=put_in(loss.smoothness),
        misclassification_loss=loss.misclassification_loss.xreplace(values),
    )


def _steps(case: Case) -> Iterator[Step]:
    yield _reduction(case)
    yield follows(
        f"{case.name}.nonnegative",
        "l >= 0",
        at_most(0, case.phi),
        *case.facts,
        falsified={"l >= a billionth": at_most(TINY, case.phi)},
    )
    tangent = case.phi + case.slope * (v - u)
    yield follows(
        f"{case.name}.convex",
        "phi(v) >= phi(u) + phi'(u) (v - u)",
        at_most(tangent, case.at(v)),
        *case.facts,
        falsified={"a slope a tenth steeper": at_most(tangent + case.slope * (v - u) / 10, case.at(v))},
    )
    yield from _lipschitz(case)
    yield from _smoothness(case)
    yield _zero_at_label(case)
    yield from _misclassified(case)


def _reduction(case: Case) -> Step:
    """l(f, y) = phi(u)."""
    meaning = equal(u, y * f) if case.margin else equal(u, f - y)
    facts = (defined("u = y f" if case.margin else "u = f - y", meaning), *([LABEL] if case.margin else []))
    return follows(
        f"{case.name}.phi",
        f"l(f, y) = phi(u) = {case.phi}",
        equal(case.loss.expression, case.phi),
        *facts,
        *case.facts,
        falsified={"one per cent more": equal(case.loss.expression * Rational(101, 100), case.phi)},
    )


def _lipschitz(case: Case) -> Iterator[Step]:
    constant, name = case.loss.lipschitz, f"{case.name}.L"
    if constant is None:
        steep = defined("phi at a distance L + 1 from where it begins to rise", equal(u, tau - bound - 1))
        yield follows(
            name,
            "l has no Lipschitz constant: |phi'| exceeds every L",
            less(bound, Abs(case.slope)),
            steep,
            *case.facts,
            falsified={"|phi'| exceeds L + 1 there": less(bound + 1, Abs(case.slope))},
        )
        return
    difference, distance = Abs(case.phi - case.at(v)), Abs(u - v)
    yield follows(
        name,
        f"|phi(u) - phi(v)| <= L |u - v|, L = {constant}",
        at_most(difference, constant * distance),
        *case.facts,
        falsified={"a billionth smaller": at_most(difference, constant * (1 - TINY) * distance)},
    )
    first, second = case.outside
    rise = Abs(case.at(first) - case.at(second))
    yield _least(f"{name} is least", f"|phi({first}) - phi({second})| = L", rise, constant, case.facts)


def _smoothness(case: Case) -> Iterator[Step]:
    constant, name = case.loss.smoothness, f"{case.name}.H"
    if constant is None:
        near = defined("a point near the kink", equal(u, case.nearly_flat))
        yield follows(
            name,
            "no H has |phi'|^2 <= 2 H phi",
            less(2 * H * case.phi, case.slope**2),
            near,
            *case.facts,
            falsified={"not even a point with |phi'|^2 <= 3 H phi": less(4 * H * case.phi, case.slope**2)},
        )
        return
    yield follows(
        name,
        f"|phi'|^2 <= 2 H phi, H = {constant}",
        at_most(case.slope**2, 2 * constant * case.phi),
        *case.facts,
        falsified={"a billionth smaller": at_most(case.slope**2, 2 * constant * (1 - TINY) * case.phi)},
    )
    square, twice = case.at(case.inside, case.slope) ** 2, 2 * case.at(case.inside)
    yield _least(f"{name} is least", f"|phi'|^2 = 2 H phi at {case.inside}", square, constant * twice, case.facts)


def _zero_at_label(case: Case) -> Step:
    def at_label(part: sympy.Expr) -> Any:
        return equal(case.loss.expression.xreplace({f: part * y}), 0)

    falsified: dict[str, Any] = {"at 0.99 y": at_label(Rational(99, 100))}
    if case.margin:
        falsified["without tau <= 1"] = [LABEL]
    facts = (*([LABEL] if case.margin else []), *case.facts)
    return follows(f"{case.name}.label", "l(y, y) = 0", at_label(sympy.Integer(1)), *facts, falsified=falsified)


def _misclassified(case: Case) -> Iterator[Step]:
    cost, expression = case.loss.misclassification_loss, case.loss.expression
    name, wrong = f"{case.name}.misclassified", given("y f <= 0", at_most(y * f, 0))
    yield follows(
        name,
        f"l(f, y) >= {cost} where y f <= 0",
        at_most(cost, expression),
        LABEL,
        wrong,
        *case.facts,
        falsified={
            "a billionth more": at_most(cost * (1 + TINY), expression),
            "without y f <= 0": [LABEL, *case.facts],
        },
    )
    yield _least(
        f"{name} exactly", f"l(0, y) = {cost}", expression.xreplace({f: sympy.Integer(0)}), cost, (LABEL, *case.facts)
    )


def _least(name: str, claim: str, reached: sympy.Expr, constant: sympy.Expr, facts: tuple[Fact, ...]) -> Step:
    """That a value is reached, exactly: so the constant can be made neither smaller nor, in the same words, larger."""
    return follows(
        name,
        claim,
        equal(reached, constant),
        *facts,
        falsified={
            "a billionth smaller": equal(reached, constant * (1 - TINY)),
            "a billionth larger": equal(reached, constant * (1 + TINY)),
        },
    )


def _logistic(loss: Loss) -> Iterator[Step]:
    """In u = y f; balls over the whole line take the place of SMT."""
    for label in (1, -1):
        left, right = sympy.exp(loss.expression.xreplace({y: sympy.Integer(label)})), 1 + sympy.exp(-label * f)
        yield equals(f"logistic.phi, y = {label}", "exp l(f, y) = 1 + exp(-y f)", left, right)
    phi = loss.expression.xreplace({f: u, y: sympy.Integer(1)})
    yield _positive("logistic.convex", "phi'' > 0", sympy.diff(phi, u, 2))
    yield _positive("logistic.label", "l > 0 everywhere, so l(y, y) = 0 fails", phi)
    yield from _logistic_constants(phi, sympy.sympify(loss.lipschitz), sympy.sympify(loss.smoothness))
    cost, at_zero = loss.misclassification_loss, phi.xreplace({u: sympy.Integer(0)})
    yield by(
        "logistic.misclassified",
        f"l(f, y) >= {cost} where y f <= 0",
        Sign(phi - cost, u, upper=0),
        falsified={"a billionth more": Sign(phi - cost * (1 + TINY), u, upper=0)},
    )
    yield _pinned("logistic.misclassified exactly", f"l(0, y) = {cost}", lambda value: Identity(at_zero, value), cost)


def _logistic_constants(phi: sympy.Expr, L: sympy.Expr, smoothness: sympy.Expr) -> Iterator[Step]:
    slope = sympy.diff(phi, u)
    yield _pinned("logistic.L", f"Lip(phi) = L = {L}", lambda value: Lipschitz(phi, u, value), L)
    text = f"Lip(phi') = H = {smoothness}"
    yield _pinned("logistic.slope", text, lambda value: Lipschitz(slope, u, value), smoothness)
    yield by(
        "logistic.H",
        "|phi'|^2 <= 2 H phi",
        Sign(2 * smoothness * phi - slope**2, u),
        falsified={"four fifths of H": Sign(2 * smoothness * Rational(4, 5) * phi - slope**2, u)},
    )


def _positive(name: str, claim: str, function: sympy.Expr) -> Step:
    falsified = {"by a billionth at least": Sign(function - TINY, u, strict=True)}
    return by(name, claim, Sign(function, u, strict=True), falsified=falsified)


def _pinned(name: str, claim: str, engine: Callable[[sympy.Expr], Engine], constant: sympy.Expr) -> Step:
    """A claim of equality, which no other constant satisfies."""
    falsified = {
        "a billionth smaller": engine(constant * (1 - TINY)),
        "a billionth larger": engine(constant * (1 + TINY)),
    }
    return by(name, claim, engine(constant), falsified=falsified)


def _parameters() -> Iterator[Step]:
    """What the software does with parameters, where that is not visible in formulas."""
    yield by(
        "margins in (0, 1]",
        "margins up to 1 are taken, larger ones refused",
        Exact(lambda: _taken(1, refused=1 + TINY)),
        falsified={"a margin of 1 is refused": Exact(lambda: _taken(Rational(1, 2), refused=1))},
    )
    yield by(
        "parameters of the names",
        "the losses that are called by their names alone have the parameter 1",
        Exact(lambda: _named(1)),
        falsified={"they have another": Exact(lambda: _named(1 - TINY))},
    )
    yield by(
        "huber, kappa about 1",
        "the formulas for kappa < 1 and kappa >= 1 are taken on the right sides of 1",
        Exact(lambda: _changes_at(sympy.Integer(1))),
        falsified={"the change is elsewhere": Exact(lambda: _changes_at(1 + 2 * TINY))},
    )


def _taken(margin: Any, *, refused: Any) -> Outcome:
    for build in (hinge, squared_hinge):
        build(margin)
        try:
            build(refused)
        except InvalidInput:
            continue
        return Outcome.refuted(refused, "this margin is taken")
    return Outcome.proved(f"{margin} is taken and {refused} is refused")


def _named(parameter: Any) -> Outcome:
    for build in (hinge, squared_hinge, huber):
        loss = build(parameter)
        if LOSSES[loss.name] != loss or (loss.margin is not None and loss.label != loss.name):
            return Outcome.refuted(LOSSES[loss.name], f"this is what {loss.name} stands for, not {loss}")
    return Outcome.proved("they are equal to those that are made with it")


def _changes_at(change: sympy.Expr) -> Outcome:
    """Whether the loss of an error is kappa - kappa^2/2 just below the change and 1/2 just above it."""
    below, above = change - TINY, change + TINY
    for value, expected in ((below, below - below**2 / 2), (above, Rational(1, 2))):
        if huber(value).misclassification_loss != expected:
            return Outcome.refuted(value, f"the loss of an error is not {expected} for this kappa")
    return Outcome.proved(f"checked at {below} and {above}")

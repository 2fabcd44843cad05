"""Whether the constants that an activation carries are upper bounds over the whole line: proved, refuted or open."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from .activation import NAMES, Activation, z
from .outcome import Outcome, Verdict

__all__ = ["Verdict", "check_constants"]


def check_constants(activation: Activation, *, only: Iterable[str] = NAMES) -> Outcome:
    """Proved if every constant of `activation` is an upper bound of what it bounds, tails included.

    Refuted with the point where one fails. Constants that are None claim nothing; `only` names those to check. Raises
    InvalidInput where the activation cannot be read.
    """
    wanted = set(only)
    declared = [(name, order, getattr(activation, name)) for order, name in enumerate(NAMES, start=1) if name in wanted]
    outcomes = [_check(activation, name, order, value) for name, order, value in declared if value is not None]
    for verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE):
        for outcome in outcomes:
            if outcome.verdict is verdict:
                return outcome
    return Outcome.proved(f"{len(outcomes)} constants are upper bounds over the whole line")


def _check(activation: Activation, name: str, order: int, value: sympy.Expr) -> Outcome:
    from .engines.branches import jump  # late, since few need them
    from .engines.lipschitz import LipschitzBound

    for lower in range(1, order - 1):
        found = jump(activation.derivative(lower), z)
        if found is not None:
            text = f"{name} = {value} is refuted at z = {found.point}: a lower derivative jumps there"
            return Outcome.refuted(found.point, text) if found.proved else Outcome.inconclusive(f"{name}: {text}")
    outcome = LipschitzBound(activation.derivative(order - 1), z, value).check()
    if outcome.verdict is Verdict.REFUTED:
        point = outcome.counterexample
        return Outcome.refuted(point, f"{name} = {value} is refuted at z = {point}")
    if outcome.verdict is Verdict.PROVED:
        return outcome
    return Outcome.inconclusive(f"{name} = {value}: {outcome.reason}")

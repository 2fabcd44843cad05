"""The width that every theorem asks for against epsilon, around the epsilon of a question."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..data_plan import goal_for_data
from ..progress import Report
from ..width import Given, read_loss
from .answer import Plan, answer, stamp, without_theorem
from .data import problem_of, solution_of
from .question import Arguments, instead, options_of

# Nearly straight lines on logarithmic axes: few points do, and the same ones serve nearby epsilons.
_PER_DECADE = 4
_BELOW, _ABOVE = 4, 3
# Exact numbers have sizes between 1e-300 and 1e300.
_LAST = 300 * _PER_DECADE


@dataclass(frozen=True)
class Curve:
    """Widths of one theorem: pairs of epsilon as text (exact) and m."""

    theorem: str
    points: tuple[tuple[str, int], ...]


def width_curves(arguments: Arguments, plan: Plan, report: Report | None = None) -> tuple[Curve, ...]:
    """The curves of all theorems that have a plan somewhere on the grid, in the order of `CONVERGENCE_THEOREMS`.

    For a radius they are what ``robustntk width`` answers at each epsilon. For data they are its conditional plans at
    the infinite-width radius, with the activation of `plan`; a loss margin that was chosen at a network counts as 1.

    Args:
        arguments: of a question that `plan` answers.
        plan: its answer.
        report: called with (stage, done, total).
    """
    from ...bounds import CONVERGENCE_THEOREMS

    epsilon = options_of(arguments)["epsilon"]
    grid = epsilon_grid(epsilon)
    found: dict[str, list[tuple[str, int]]] = {theorem: [] for theorem in CONVERGENCE_THEOREMS}
    for index, at in enumerate(grid):
        if report is not None:
            report(f"ε = {at}", index, len(grid))
        for theorem, width in _widths(arguments, at, plan):
            found[theorem].append((at, width))
    return tuple(Curve(theorem, tuple(points)) for theorem, points in found.items() if points)


def epsilon_grid(epsilon: str) -> tuple[str, ...]:
    """Epsilons around the one given, which is among them, in ascending order.

    >>> epsilon_grid("0.5")
    ('0.0316', '0.0562', '0.1', '0.178', '0.316', '0.5', '0.562', '1', '1.78')
    """
    from ...bounds import exact

    center = math.floor(_PER_DECADE * log10(epsilon) + 1e-9)
    steps = range(max(center - _BELOW, -_LAST), min(center + _ABOVE, _LAST) + 1)
    texts = [*map(_rounded, steps), epsilon]
    by_value = {exact(text, name="epsilon"): text for text in texts}
    return tuple(text for _, text in sorted(by_value.items()))


def log10(number: str) -> float:
    """The logarithm of a positive exact number of any size."""
    from ...bounds import exact

    value = exact(number, name="epsilon")
    return math.log10(int(value.p)) - math.log10(int(value.q))


def _rounded(step: int) -> str:
    """10^(step / _PER_DECADE) to three digits, as text of any size."""
    exponent, part = divmod(step, _PER_DECADE)
    mantissa = f"{10 ** (part / _PER_DECADE):.3g}"
    return f"{float(f'{mantissa}e{exponent}'):.3g}" if -3 <= exponent < 3 else f"{mantissa}e{exponent}"


def _widths(arguments: Arguments, epsilon: str, plan: Plan) -> Iterator[tuple[str, int]]:
    asked = instead(without_theorem(arguments), "--epsilon", epsilon)
    if "data_radius" in plan:
        yield from _widths_for_data(asked, (plan["activation"], plan["scale"]), stamp(arguments))
        return
    found = answer(asked).plan or {"alternatives": ()}
    for other in found["alternatives"]:
        if other["width"] is not None:
            yield other["theorem"], other["width"]


@lru_cache(maxsize=1024)
def _widths_for_data(asked: Arguments, sigma: tuple[str, float], changed: int) -> tuple[tuple[str, int], ...]:
    """Conditional plans at the infinite-width radius; none where the initial network meets epsilon already."""
    from ...bounds import InvalidInput, get_activation
    from ...verify.planning.data_plan import plan_at_solution

    activation = get_activation(sigma[0], scale=sigma[1])
    given = Given.of(options_of(asked))
    loss = read_loss(**{name: value for name, value in given.loss.items() if value != "auto"})
    try:
        goal = goal_for_data(
            loss=loss, target_epsilon=given.known["epsilon"], target=given.problem.get("target", "loss"), drawn=False
        )
        solution = solution_of(asked, activation)
        found = plan_at_solution(*problem_of(asked), activation, solution, goal=goal)
    except InvalidInput:
        return ()
    return tuple((each.theorem, each.width) for each in found.others)

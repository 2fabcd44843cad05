"""``robustntk width --solve-for``: the other quantities of a plan, from the width and what else is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .given import refuse


@dataclass(frozen=True)
class Solver:
    """The function of ``bounds`` that solves for a quantity, and the options that it needs and takes."""

    function: str
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()

    def arguments(self, quantity: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The options that were given, all that are needed among them; ValueError otherwise."""
        for name in self.needs:
            if name not in given:
                raise ValueError(f"give --{name}: --solve-for {quantity} needs {_listed(self.needs)}")
        known = (*self.needs, *self.takes)
        refuse({name: value for name, value in given.items() if name not in known}, f"it is solved for {quantity}")
        return dict(given)


SOLVERS: Mapping[str, Solver] = {
    "epsilon": Solver("smallest_epsilon", ("radius", "width", "iterations"), ("step_size",)),
    "radius": Solver("largest_radius", ("epsilon", "width"), ("iterations",)),
    "iterations": Solver("fewest_iterations", ("epsilon", "radius", "width")),
    "width": Solver("smallest_width", ("epsilon", "radius"), ("iterations", "step_size")),
}
_NAMES = {"epsilon": "target_epsilon"}


def solved_plan(quantity: str, given: Mapping[str, Any], **problem: Any) -> dict[str, Any]:
    """The plan with the best value of `quantity`, as JSON.

    Args:
        quantity: a key of SOLVERS.
        given: those of epsilon, radius, width, iterations and step_size that were given, by these names.
        problem: the other keywords of the functions in ``bounds.solve``.
    """
    from .. import bounds
    from ..bounds.errors import expected_one_of

    if quantity not in SOLVERS:
        raise ValueError(f"--solve-for is {quantity!r}: {expected_one_of(quantity, SOLVERS)}")
    solver = SOLVERS[quantity]
    arguments = {_NAMES.get(name, name): value for name, value in solver.arguments(quantity, given).items()}
    solve: Callable[..., Any] = getattr(bounds, solver.function)
    solution: dict[str, Any] = solve(**arguments, **problem).to_json()
    return solution


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"--{name}" for name in names)

"""The data of a question, read once, and their minimum-norm solutions."""

from functools import lru_cache
from typing import TYPE_CHECKING

from ..data_plan import DEFAULTS
from ..dataset import read_problem
from ..width import Given
from .answer import Plan, stamp
from .question import Arguments, options_of

if TYPE_CHECKING:
    from ...bounds import Activation, Loss
    from ...verify import Dataset, MinimumNormSolution, PerturbationSet


def problem_of(arguments: Arguments) -> "tuple[Dataset, PerturbationSet]":
    """The data and the perturbation sets that ``robustntk width`` plans for.

    Raises:
        ValueError: as the command does.
    """
    given = Given.of(options_of(arguments)).data
    return _problem(tuple(given.items()), stamp(arguments))


def solution_of(arguments: Arguments, activation: "Activation") -> "MinimumNormSolution":
    """The radius interval at infinite width, with the function that attains it."""
    given = Given.of(options_of(arguments)).data
    return _solution(tuple(given.items()), stamp(arguments), activation)


def activation_of(plan: Plan) -> "Activation":
    """The activation of a plan, which ``auto`` may have chosen."""
    from ...bounds import get_activation

    return get_activation(plan["activation"], scale=plan["scale"])


def loss_of(plan: Plan) -> "Loss":
    """The loss of a plan, with its exact margin."""
    from ...bounds import get_loss

    return get_loss(plan["loss"], plan["kappa"], margin=plan["exact"].get("loss_margin"))


@lru_cache(maxsize=8)
def _problem(given: tuple[tuple[str, object], ...], changed: int) -> "tuple[Dataset, PerturbationSet]":
    return read_problem(**{**DEFAULTS, **dict(given)})


@lru_cache(maxsize=32)
def _solution(given: tuple[tuple[str, object], ...], changed: int, activation: "Activation") -> "MinimumNormSolution":
    from ...verify import radius_interval

    dataset, perturbations = _problem(given, changed)
    return radius_interval(dataset.centers(perturbations), dataset.y, perturbations, activation=activation)

"""What the theorems prescribe for data: plans that meet their own guarantee, for every theorem or with a reason."""

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, guarantee
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.comparison.prescription import Prescription, operator_norm_share, prescriptions
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.planning.comparator import FiniteWidthSpace
from robustntk.verify.planning.goal import Goal
from robustntk.verify.planning.minimum_norm import MinimumNormSolution, radius_interval
from robustntk.verify.sets.cap import SphericalCap

CAP = SphericalCap(0.1)
LIPSCHITZ = {"E1", "E7", "E8", "E10"}
SMOOTH = {"E3", "E9"}


@lru_cache(maxsize=1)
def data() -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=3)


@lru_cache(maxsize=4)
def solution(name: str) -> MinimumNormSolution:
    return radius_interval(data().X, data().y, CAP, activation=get_activation(name))


def found(name: str, loss: str, epsilon: str, **options: Any) -> tuple[dict[str, Prescription], dict[str, str]]:
    goal = Goal.validated(loss=loss, target_epsilon=epsilon, **options)
    rows, refused = prescriptions(goal, get_activation(name), solution(name), data().X, data().y, CAP)
    return {row.theorem: row for row in rows}, refused


@pytest.mark.parametrize(
    ("name", "loss", "epsilon", "expected"),
    [
        ("erf", "hinge", "0.5", LIPSCHITZ | {"E2", "E7-tied", "E8-tied", "E10-tied"}),
        ("quadratic_relu", "hinge", "0.5", LIPSCHITZ),
        ("erf", "squared_hinge", "0.25", SMOOTH | {"E3-tied", "E9-tied"}),
        ("quadratic_relu", "squared_hinge", "0.25", SMOOTH),
    ],
)
def test_every_theorem_has_a_plan_that_meets_epsilon_or_a_reason(
    name: str, loss: str, epsilon: str, expected: set[str]
) -> None:
    rows, refused = found(name, loss, epsilon)
    assert rows.keys() == expected and rows.keys() | refused.keys() == CONVERGENCE_THEOREMS.keys()
    assert all("does not apply" in reason for reason in refused.values())
    for theorem, row in rows.items():
        assert row.kind == "conditional-guarantee"
        assert (row.constraints.row_radius is not None) == (theorem == "E2" or theorem.endswith("-tied"))
        assert (row.constraints.operator_radius is not None) == theorem.startswith("E10")


def test_the_numbers_are_those_of_the_guarantee_and_one_pair_of_neurons_less_is_not() -> None:
    rows, _ = found("erf", "hinge", "0.25")
    for theorem in ("E1", "E2", "E10", "E10-tied"):
        row = rows[theorem]
        numbers = {name: Fraction(value) for name, value in row.to_json().items() if isinstance(value, float)}
        given = {name: numbers[name] for name in ("row_radius", "operator_radius") if name in numbers}

        def value(width: int, row: Prescription = row, given: dict[str, Fraction] = given) -> float:
            bound = guarantee(
                width=width,
                step_size=Fraction(row.step_size),
                iterations=row.iterations,
                radius=Fraction(row.constraints.radius),
                activation="erf",
                theorem=row.theorem,
                **given,
            )
            return float(bound.terms["linearization"])

        share = float(CONVERGENCE_THEOREMS[theorem].share) * 0.25
        assert value(row.width) <= share * (1 + 1e-9) < value(row.width - 2) * (1 + 1e-6) ** 2, theorem


def test_the_operator_norm_share_is_that_of_a_drawn_network_and_saves_what_e10_says() -> None:
    share = operator_norm_share(get_activation("erf"), solution("erf"))
    drawn = FiniteWidthSpace(SymmetricInitialisation(4096, data().dimension, 5), get_activation("erf"))
    move = drawn.displacement(solution("erf").centers, solution("erf").coefficients)
    assert share == pytest.approx(np.linalg.norm(move, 2) / np.linalg.norm(move), rel=0.02)
    rows, _ = found("erf", "hinge", "0.25")
    assert rows["E10"].width / rows["E1"].width == pytest.approx(share**4, rel=0.01)
    assert rows["E10-tied"].width / rows["E2"].width == pytest.approx(share**2, rel=0.02)


def test_a_single_theorem_is_asked_alone_and_one_that_does_not_apply_is_refused() -> None:
    rows, refused = found("erf", "hinge", "0.5", theorem="E7-tied")
    assert list(rows) == ["E7-tied"] and not refused
    with pytest.raises(InvalidInput, match="E2 does not apply"):
        found("quadratic_relu", "hinge", "0.5", theorem="E2")

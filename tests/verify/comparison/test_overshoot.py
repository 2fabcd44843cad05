"""The overshoot: it measures what single runs do, keeps what is finished, and calls open what is open."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison import overshoot
from robustntk.verify.comparison.overshoot import Overshoot, Trials, WidthTrial, measure_overshoot, overshoot_table
from robustntk.verify.comparison.prescription import Prescription
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.planning.goal import Goal
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.constraint_set import ConstraintSet
from robustntk.verify.training.projected_descent import train

CAP = SphericalCap(0.1)
ATTACK = ProjectedGradientAttack(steps=3)
PRESCRIBED = Prescription("E7", "full", "conditional-guarantee", 20, 30, 0.3, ConstraintSet(1.2))


@lru_cache(maxsize=1)
def data() -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=3)


def goal(**changed: Any) -> Goal:
    return Goal.validated(**{"loss": "hinge", "target_epsilon": "0.7", "theorem": "E7", **changed})


def trials(folder: Path | None = None, **changed: Any) -> Trials:
    settings = {"goal": goal(), "adversary": ATTACK, "seeds": (0, 1, 2), "folder": folder, **changed}
    problem = {"X": data().X, "y": data().y, "perturbations": CAP, "dimension": data().dimension}
    return Trials(activation=get_activation("erf"), **problem, **settings)


@pytest.mark.parametrize("constraints", [ConstraintSet(1.2), ConstraintSet(1.6, 4.0, 1.5)])
def test_first_hits_are_those_of_single_runs_in_the_theorems_set(constraints: ConstraintSet) -> None:
    prescribed = Prescription("E10-tied", "tied", "conditional-guarantee", 20, 30, 0.3, constraints)
    expected = []
    for seed in range(3):
        run = train(
            SymmetricInitialisation(4, data().dimension, seed),
            get_activation("erf"),
            get_loss("hinge"),
            data().X,
            data().y,
            CAP,
            ATTACK,
            step_size=0.3,
            iterations=30,
            radius=constraints.radius,
            row_radius=constraints.row_radius,
            operator_radius=constraints.operator_radius,
            dtype=np.float64,
        )
        below = np.flatnonzero(run.surrogate_losses <= 0.7)
        expected.append(int(below[0]) + 1 if below.size else None)
    assert trials().run(prescribed, 4) == WidthTrial(4, tuple(expected))
    assert len(set(expected)) > 1, "the seeds differ"


def test_finished_trials_are_kept_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trials(tmp_path / "kept").run(PRESCRIBED, 4)
    files = list((tmp_path / "kept").rglob("*.json"))
    assert len(files) == 1 and trials().run(PRESCRIBED, 4) == first

    def no_training(*_: Any, **__: Any) -> Any:
        raise AssertionError("trained again")

    monkeypatch.setattr(overshoot, "train_many", no_training)
    assert trials(tmp_path / "kept").run(PRESCRIBED, 4) == first
    others = [
        {"goal": goal(target_epsilon="0.6")},
        {"goal": goal(loss="squared_hinge", target_epsilon="0.3", theorem="E9")},
        {"seeds": (0, 1, 3)},
        {"adversary": ProjectedGradientAttack(steps=4)},
    ]
    for other in others:
        with pytest.raises(AssertionError, match="trained again"):
            trials(tmp_path / "kept", **other).run(PRESCRIBED, 4)
    for prescribed, width in ((PRESCRIBED, 6), (Prescription("E7", "full", "", 20, 31, 0.3, ConstraintSet(1.2)), 4)):
        with pytest.raises(AssertionError, match="trained again"):
            trials(tmp_path / "kept").run(prescribed, width)
    files[0].write_text(files[0].read_text().replace('"first_hits":[', '"first_hits":[1,'))
    with pytest.raises(InvalidInput, match="checksum"):
        trials(tmp_path / "kept").run(PRESCRIBED, 4)


class Pretended(Trials):
    """Trials whose outcome is a rule; keeps which widths were asked for."""

    asked: list[int]

    def run(self, prescribed: Prescription, width: int) -> WidthTrial:
        self.asked.append(width)
        return WidthTrial(width, (3, 5 if width >= 8 else None, 100 // width))


def pretended() -> Pretended:
    made = Pretended(**{name: getattr(trials(), name) for name in Trials.__dataclass_fields__})
    object.__setattr__(made, "asked", [])
    return made


def test_both_ratios_are_measured_at_the_prescribed_width() -> None:
    tries = pretended()
    row = measure_overshoot(tries, PRESCRIBED, max_width=1000)
    assert (row.smallest_width, row.smallest_iterations, row.wide.width) == (8, 5, 20)
    assert (row.width_ratio, row.iterations_ratio) == (20 / 8, 30 / 5)
    assert row.determined and row.monotone and row.remark() == ""
    assert len(tries.asked) == len(set(tries.asked)) and max(tries.asked) == 20


def test_an_entry_above_the_limit_stays_open_with_its_ratios() -> None:
    row = measure_overshoot(pretended(), PRESCRIBED, max_width=11)
    assert (row.smallest_width, row.smallest_iterations, row.wide.width) == (8, 10, 10)
    assert (row.width_ratio, row.iterations_ratio) == (20 / 8, 30 / 10)
    assert not row.determined and row.remark() == "T measured at width 10, the limit"


def test_an_entry_without_a_success_stays_open() -> None:
    row = measure_overshoot(pretended(), PRESCRIBED, max_width=6)
    assert row.smallest_width is None and row.width_ratio is None
    assert row.smallest_iterations is None and row.iterations_ratio is None
    assert not row.determined and "no width up to 6" in row.remark() and "2 of 3 seeds" in row.remark()
    content = row.to_json()
    assert content["smallest"]["width"] is None and json.dumps(content, allow_nan=False)


def test_a_failure_above_a_success_is_said() -> None:
    tried = (WidthTrial(4, (None, 3)), WidthTrial(6, (2, 3)), WidthTrial(8, (2, None)), WidthTrial(20, (1, 1)))
    row = Overshoot(PRESCRIBED, tried, tried[-1])
    assert row.smallest_width == 6 and not row.monotone and row.determined
    assert row.remark() == "not monotone: width 8 fails"
    assert row.to_json()["smallest"]["stable_width"] == 20


def test_a_table_with_an_open_entry_is_not_determined() -> None:
    X, y = data().X[:2], data().y[:2]
    stages: list[str] = []
    problem = (get_activation("erf"), goal(target_epsilon="0.75"), X, y, CAP, ATTACK)
    table = overshoot_table(*problem, seeds=(0, 1), max_width=4, report=lambda stage, done, total: stages.append(stage))
    assert not table.determined and table.rows[0].prescribed.width > 4
    content = table.to_json()
    assert content["seeds"] == [0, 1] and content["epsilon"] == 0.75 and not content["determined"]
    assert content["theorems"][0]["prescribed"]["kind"] == "conditional-guarantee"
    assert any("width 4" in stage for stage in stages)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": ()}, "seeds are"),
        ({"seeds": (1, 1)}, "all different"),
        ({"max_width": 1}, "max_width is 1"),
        ({"goal": Goal.validated(loss="hinge", target_epsilon="0.1", target="robust-error")}, "target is robust-error"),
    ],
)
def test_wrong_arguments_are_named(options: dict[str, Any], message: str) -> None:
    chosen = options.pop("goal", goal())
    with pytest.raises(InvalidInput, match=message):
        overshoot_table(get_activation("erf"), chosen, data().X, data().y, CAP, ATTACK, **options)

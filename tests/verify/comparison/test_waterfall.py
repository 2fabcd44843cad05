"""The waterfall from the guarantee to the best iterate adds up, for every theorem and target."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import upper_float
from robustntk.verify.comparison.waterfall import Kind, Stage, waterfall

Runs = Callable[..., Any]


def levels(stages: tuple[Stage, ...]) -> list[tuple[float, float]]:
    """Every level beside what the stages before it add up to."""
    pairs, total = [], 0.0
    for stage in stages:
        if stage.kind is Kind.LEVEL:
            pairs.append((stage.value, total))
            total = stage.value
        else:
            total += stage.value
    return pairs


def test_the_changes_add_up_to_what_was_measured(case: str, trained: Runs) -> None:
    run = trained(case)
    fall = waterfall(run.drawn, run.record, run.training)
    first, average, best = levels(fall.stages)
    assert first[0] == upper_float(run.drawn.plan.guarantee.value)
    assert average[1] == pytest.approx(average[0], abs=1e-9) and best[1] == pytest.approx(best[0], abs=1e-12)
    errors = case.endswith("errors")
    assert average[0] == np.mean(run.record.errors if errors else run.record.losses)
    assert best[0] == (run.training.best_error if errors else run.training.best_surrogate_loss)


def test_what_the_proof_gives_away_is_not_negative(case: str, trained: Runs) -> None:
    """Estimates of a theorem replaced by what they bound lower the level; only stopping early raises it."""
    run = trained(case, iterations=None if case == "E8 errors" else 60)
    stages = {stage.label: stage.value for stage in waterfall(run.drawn, run.record, run.training).stages}
    for label in ("distance covered, not R²", "gradients as they were", "near-linearity as it was"):
        assert stages[label] <= 1e-9, label
    assert stages.get("convexity of the loss", 0.0) <= 1e-9
    assert stages["the best iterate, not the average"] <= 0.0


def test_a_record_that_does_not_belong_to_the_run_does_not_add_up(trained: Runs) -> None:
    """The sum is no tautology: with gradients of another size the levels no longer meet."""
    run = trained("E8")
    wrong = replace(run.record, chords=1.2 * run.record.chords)
    stages = waterfall(run.drawn, wrong, run.training).stages
    assert levels(stages)[1][1] == pytest.approx(levels(stages)[1][0], abs=1e-9)
    wrong = replace(run.record, distances=1.2 * run.record.distances)
    stages = waterfall(run.drawn, wrong, run.training).stages
    assert abs(levels(stages)[1][1] - levels(stages)[1][0]) > 1e-3

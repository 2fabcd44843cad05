"""The record of a run, recomputed from its weights one step at a time by other means."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from robustntk.kernels import numeric
from robustntk.verify.comparison.proof_record import ProofRecorder
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.training.training_run import TrainingStep

Plans = Callable[[str], tuple[Any, Any]]
Runs = Callable[..., Any]


@pytest.mark.parametrize("case", ["E7", "E8-tied"])
def test_the_record_is_that_of_the_weights(case: str, planned: Plans, trained: Runs) -> None:
    """Losses, gradients, remainders and distances from whole matrices; the gradient as one matrix."""
    seen: list[TrainingStep] = []
    run = trained(case, iterations=12, watch=seen.append)
    drawn, problem = planned(case)
    start, loss, y, record = drawn.initialisation, drawn.plan.loss, problem.data.y, run.record
    comparator = start.weights + drawn.comparator.moves.displacement
    slope = numeric(drawn.activation, 1)
    for index, step in enumerate(seen):
        weights, X = step.weights().astype(np.float64), step.points
        values = TwoLayerNetwork(weights, start.signs, drawn.activation).predict(X)
        aimed = TwoLayerNetwork(comparator, start.signs, drawn.activation).predict(X)
        active = slope(X @ weights.T) * start.signs / np.sqrt(start.width)
        if case.endswith("tied"):
            first, second = np.split(active, 2, axis=1)
            active = np.hstack([first - second, second - first]) / 2
        slopes = loss.slope(step.values, y)
        gradient = (active * (slopes / len(y))[:, None]).T @ X
        remainders = np.abs(aimed - values - np.einsum("ir,ik,rk->i", active, X, comparator - weights))
        reaches = np.sum(((comparator - weights) @ X.T) ** 2, axis=0)
        expected = {
            "losses": np.mean(loss.value(values, y)),
            "comparator_losses": np.mean(loss.value(aimed, y)),
            "pulls": np.sum(gradient * (weights - comparator)),
            "outward": np.sum(gradient * (weights - start.weights)),
            "gradient_squares": np.sum(gradient**2),
            "chords": np.mean(slopes * (values - aimed)),
            "point_gradients": np.max(np.linalg.norm(active, axis=1)),
            "furthest": np.max(reaches),
            "remainder_costs": np.mean(np.abs(slopes) * remainders),
            "least_margins": np.min(y * aimed - drawn.comparator.margins),
            "errors": np.mean(y * values <= 1e-12),  # W_0 gives 0, up to rounding in this order
            "active": np.mean(slopes != 0),
            "distances": np.linalg.norm(weights - comparator),
            "moves": np.linalg.norm(weights - start.weights),
            "rows": np.max(np.linalg.norm(weights - start.weights, axis=1)),
        }
        for name, value in expected.items():
            assert getattr(record, name)[index] == pytest.approx(value, rel=1e-9, abs=1e-12), name
        worst = np.argmax(remainders / reaches)
        assert record.remainders[index] / record.reaches[index] == pytest.approx(
            remainders[worst] / reaches[worst], rel=1e-6
        )
    last = run.training.final_weights
    assert record.distances[-1] == pytest.approx(np.linalg.norm(last - comparator), rel=1e-12)
    assert record.steps == 12 and len(record.distances) == 13


def test_at_the_initialisation_the_network_is_zero_exactly(trained: Runs) -> None:
    record = trained("E8", iterations=2).record
    assert record.losses[0] == 1.0 and record.errors[0] == 1.0 and record.moves[0] == 0.0 and record.outward[0] == 0.0


def test_an_interrupted_record_goes_on_from_its_arrays(planned: Plans, trained: Runs) -> None:
    drawn, problem = planned("E8")
    whole = trained("E8", iterations=10)

    first, second = (ProofRecorder.of(drawn, problem.data.y) for _ in range(2))
    trained("E8", iterations=4, recorder=first)
    second.restore(first.arrays())

    def from_the_fifth_on(step: TrainingStep) -> None:
        if step.iteration > 4:
            second(step)

    run = trained("E8", iterations=10, watch=from_the_fifth_on)
    resumed = second.finish(run.training)
    for name, values in whole.record.arrays().items():
        assert np.array_equal(resumed.arrays()[name], values), name


def test_many_blocks_of_neurons_give_the_sums_of_one(trained: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained("E8", iterations=5).record
    monkeypatch.setattr("robustntk.verify.comparison.proof_record._BLOCK", 40)
    for name, values in trained("E8", iterations=5).record.arrays().items():
        np.testing.assert_allclose(values, whole.arrays()[name], rtol=1e-9, atol=1e-12, err_msg=name)

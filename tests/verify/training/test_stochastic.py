"""Mini-batch training: its algorithm, its seeds, its state on disk, and that no guarantee is attached to it."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, numeric
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison.anatomy import anatomy
from robustntk.verify.comparison.robust_loss import Bracket
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.constraint_set import ConstraintSet
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.run_state import Checkpoint
from robustntk.verify.training.stochastic import StochasticRun, train_stochastic
from robustntk.verify.training.training_run import Coverage, require_coverage

CAP = SphericalCap(0.2)
START = SymmetricInitialisation(16, 8, 0)
ALPHA, RADIUS = 0.5, 0.6


def data() -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(3).standard_normal((5, 7)))
    return X, np.array([1.0, -1.0, 1.0, 1.0, -1.0])


def problem() -> tuple[Any, ...]:
    return (get_activation("erf"), get_loss("hinge"), *data(), CAP, ProjectedGradientAttack(steps=2))


def run(steps: int = 9, **options: Any) -> StochasticRun:
    settings = {
        **{"step_size": ALPHA, "iterations": steps, "radius": RADIUS, "dtype": np.float64, "batch_size": 2, "seed": 7},
        **options,
    }
    return train_stochastic(START, *problem(), **settings)


def test_full_batches_are_full_batch_training() -> None:
    stochastic = run(batch_size=5, evaluate_every=1)
    whole = train(START, *problem(), step_size=ALPHA, iterations=9, radius=RADIUS, dtype=np.float64)
    np.testing.assert_allclose(stochastic.batch_losses, whole.surrogate_losses, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stochastic.surrogate_losses, whole.surrogate_losses, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stochastic.final_weights, whole.final_weights, rtol=0, atol=1e-12)
    assert stochastic.best_step == whole.best_step


def test_smaller_batches_are_another_algorithm() -> None:
    whole = train(START, *problem(), step_size=ALPHA, iterations=9, radius=RADIUS, dtype=np.float64)
    assert np.max(np.abs(run().final_weights - whole.final_weights)) > 1e-3


def test_a_step_follows_the_gradient_of_its_batch_and_an_epoch_visits_all_points() -> None:
    class Watching:
        """Keeps which rows are attacked, and moves nothing."""

        def __init__(self) -> None:
            self.rows: list[np.ndarray] = []

        def perturb(self, predictor: Any, X: Any, y: Any, perturbations: Any, **_: Any) -> Any:
            from robustntk.verify.attacks.adversary import AdversarialPoints

            self.rows.append(X)
            return AdversarialPoints(X, X, predictor.predict(X))

    watching = Watching()
    X, y = data()
    options = {"step_size": ALPHA, "radius": RADIUS, "dtype": np.float64, "batch_size": 2, "seed": 7}
    one = train_stochastic(START, *problem()[:-1], watching, iterations=1, **options)
    assert [len(rows) for rows in watching.rows] == [5, 2], "an evaluation on all points, then a batch"
    batch = watching.rows[1]
    labels = y[[int(np.flatnonzero((row == X).all(axis=1))[0]) for row in batch]]
    slope, outputs = numeric(get_activation("erf"), 1), START.signs / 4.0
    gradient = sum(
        -label * (outputs * slope(START.weights @ row))[:, None] * row for row, label in zip(batch, labels, strict=True)
    )
    inside = ConstraintSet(RADIUS).moved_inside(START.weights - ALPHA * np.asarray(gradient) / 2, START.half_weights)
    np.testing.assert_allclose(one.final_weights, inside, rtol=0, atol=1e-12)

    watching.rows.clear()
    train_stochastic(START, *problem()[:-1], watching, iterations=6, **options)
    batches = [rows for rows in watching.rows if len(rows) < 5]
    assert [len(rows) for rows in batches] == [2, 2, 1] * 2
    for epoch in (batches[:3], batches[3:]):
        assert sorted(map(tuple, np.concatenate(epoch))) == sorted(map(tuple, X))
    assert not np.array_equal(np.concatenate(batches[:3]), np.concatenate(batches[3:])), "orders differ"


def test_the_seed_alone_determines_the_order() -> None:
    first, again, other = run(), run(), run(seed=8)
    np.testing.assert_array_equal(first.final_weights, again.final_weights)
    assert np.max(np.abs(first.final_weights - other.final_weights)) > 1e-6


def test_evaluations_are_on_all_points_and_claims_hold_in_float64() -> None:
    found = run(steps=7, dtype=np.float32)
    assert found.evaluated_at.tolist() == [1, 4, 7]
    assert found.surrogate_losses[0] == 1.0 and found.steps == 7
    assert found.best_step == found.evaluated_at[int(np.argmin(found.surrogate_losses))]
    predictions = TwoLayerNetwork(found.best_weights, START.signs, get_activation("erf")).predict(found.best_points)
    assert found.best_surrogate_loss == float(np.mean(np.maximum(0, 1 - data()[1] * predictions)))
    assert ConstraintSet(RADIUS).contains(found.best_weights, START.half_weights)


def test_a_run_stops_at_the_evaluation_that_meets_the_target() -> None:
    losses = run(steps=12).surrogate_losses
    found = run(steps=12, stop_at=float(losses[2]) + 1e-9)
    first = int(np.argmax(losses <= losses[2] + 1e-9))
    assert found.stopped == "target reached" and found.best_step == 3 * first + 1 and found.steps == 3 * first


@pytest.mark.parametrize("options", [{}, {"row_radius": 0.4, "operator_radius": 0.5, "dtype": np.float32}])
def test_a_resumed_run_is_the_same_bit_for_bit(options: dict[str, Any], tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop_at(step: int) -> Any:
        def progress(done: int, total: int, loss: float) -> None:
            if done == step:
                raise Stop

        return progress

    checkpoint = Checkpoint(tmp_path / "state.npz", every_seconds=0)
    for step in (1, 4, 6):
        with pytest.raises(Stop):
            run(checkpoint=checkpoint, progress=stop_at(step), **options)
    resumed, whole = run(checkpoint=checkpoint, **options), run(**options)
    for field in StochasticRun.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(resumed, field), getattr(whole, field))
    for other in ({"seed": 8}, {"batch_size": 3}, {"evaluate_every": 1}):
        with pytest.raises(InvalidInput, match="other settings"):
            run(checkpoint=checkpoint, **{**options, **other})


def test_the_checkpoint_of_a_covered_run_is_not_taken_for_one_of_these(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    settings = {"step_size": ALPHA, "iterations": 2, "radius": RADIUS, "dtype": np.float64}
    train(START, *problem(), checkpoint=Checkpoint(path, every_seconds=0), **settings)
    with pytest.raises(InvalidInput, match="other settings"):
        run(steps=2, batch_size=5, checkpoint=Checkpoint(path))


def test_the_result_says_that_no_theorem_covers_it() -> None:
    found = run(steps=2)
    assert found.coverage is Coverage.NONE
    assert found.to_json()["covered_by"] == "no theorem of this project"
    whole = train(START, *problem(), step_size=ALPHA, iterations=2, radius=RADIUS)
    assert whole.coverage is Coverage.CONVERGENCE_THEOREMS and whole.to_json()["covered_by"] == "convergence theorems"


def test_no_guarantee_is_attached_to_it() -> None:
    found, nothing = run(steps=2), cast(Any, None)
    with pytest.raises(InvalidInput, match="StochasticRun, covered by no theorem of this project"):
        anatomy(nothing, cast(Any, found), nothing, data()[0], robust_loss=Bracket(0, 0), robust_error=Bracket(0, 0))
    with pytest.raises(InvalidInput, match="full-batch"):
        require_coverage(found)
    require_coverage(train(START, *problem(), step_size=ALPHA, iterations=1, radius=RADIUS))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0: expected an integer from 1 to 5"),
        ({"batch_size": 6}, "batch_size is 6"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"seed": -1}, "seed is -1"),
        ({"evaluate_every": 0}, "evaluate_every is 0"),
        ({"radius": 0.0}, "radius is 0.0"),
    ],
)
def test_wrong_parameters_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        run(**options)

"""The main job on a small problem: everything it claims is checked again here by other means."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, guarantee
from robustntk.verify import ExperimentConfig, TwoLayerNetwork, check_config, run_experiment, verify_in_folder
from robustntk.verify.experiment import Experiment
from robustntk.verify.report import render_report, reproduce_command

CONFIG = ExperimentConfig(data="digits", classes=("0", "1"), samples=8, delta=0.05, epsilon="0.9")


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return run_experiment(CONFIG)


def test_the_run_meets_epsilon_at_the_prescribed_values(experiment: Experiment) -> None:
    result = experiment.to_json()
    plan, empirical = result["plan"], result["empirical"]
    assert result["holds"] is True and plan["kind"] == "guarantee"
    assert empirical["best_surrogate_loss"] <= 0.9
    assert 1 <= empirical["reached_at"] <= plan["iterations"]
    assert empirical["attacked_robust_loss"] <= empirical["certified_robust_loss"]
    assert len(experiment.training.best_weights) == plan["width"]
    assert all(row["slack"] >= 0 for row in result["anatomy"])


def test_the_guarantee_is_that_of_the_forward_calculator(experiment: Experiment) -> None:
    plan = experiment.drawn.plan
    again = guarantee(
        width=plan.width,
        step_size=plan.step_size,
        iterations=plan.iterations,
        radius=plan.radius,
        activation=plan.problem.activation,
        loss="hinge",
        initial_operator_norm=plan.problem.initial_operator_norm,
        comparator_loss=plan.problem.comparator_loss,
        comparator_verified=True,
    )
    assert again.value == plan.guarantee.value and again.meets("0.9")
    assert experiment.to_json()["predicted"]["guarantee"] <= 0.9


def test_the_claimed_loss_is_that_of_the_weights_in_the_ball(experiment: Experiment) -> None:
    training, drawn, data = experiment.training, experiment.drawn, experiment.problem.data
    assert np.linalg.norm(training.best_weights - drawn.initialisation.weights) <= float(drawn.plan.radius)
    assert experiment.problem.cap.contains(training.best_points, data.X, tolerance=1e-12).all()
    network = TwoLayerNetwork(training.best_weights, drawn.initialisation.signs, experiment.problem.activation)
    loss = float(np.mean(np.maximum(0.0, 1.0 - data.y * network.predict(training.best_points))))
    assert loss == pytest.approx(training.best_surrogate_loss, abs=1e-12)


def test_certificate_holds_against_samples(experiment: Experiment) -> None:
    data, cap = experiment.problem.data, experiment.problem.cap
    start = experiment.drawn.initialisation
    network = TwoLayerNetwork(experiment.training.best_weights, start.signs, experiment.problem.activation)
    samples = cap.sample(data.X, 50, np.random.default_rng(0), part="rim")
    margins = data.y * network.predict(samples.reshape(-1, data.dimension)).reshape(50, -1)
    assert np.all(margins - experiment.robust.certified_margins >= 0.0)
    assert np.all(experiment.robust.attacked_margins - experiment.robust.certified_margins >= 0.0)


def test_the_infinite_width_curve_is_close(experiment: Experiment) -> None:
    assert experiment.max_deviation <= 10.0 / np.sqrt(experiment.drawn.plan.width)
    assert experiment.training.surrogate_losses[0] == experiment.infinite.surrogate_losses[0] == 1.0


def test_a_broken_inequality_makes_it_fail(experiment: Experiment) -> None:
    rows = experiment.inequalities
    for value in (rows[0].rhs + 1.0, float("nan")):
        broken = replace(experiment, inequalities=(replace(rows[0], lhs=value), *rows[1:]))
        assert broken.holds is False


def test_same_seed_same_result(experiment: Experiment) -> None:
    again = run_experiment(CONFIG).to_json()
    first = experiment.to_json()
    assert {**again, "seconds": 0} == {**first, "seconds": 0}


def test_the_report_is_self_contained_and_says_what_is_proved(experiment: Experiment) -> None:
    result = experiment.to_json("runs/x")
    page = render_report(result, '<?xml version="1.0"?><svg id="figure"></svg>')
    assert "http" not in page.replace("http://www.w3.org", "") and "src=" not in page
    assert '<svg id="figure">' in page and "<?xml" not in page
    for phrase in ("Proved for this very network", "Measured", "not the robust loss", "Anatomy"):
        assert phrase in page
    assert ">holds<" in page
    assert ">does not hold<" in render_report({**result, "holds": False}, "<svg></svg>")


def test_reproduce_command_names_every_option_that_differs_from_a_default() -> None:
    command = reproduce_command(replace(CONFIG, full=True, scale="2", network_seed=5).to_json())
    for part in ("--classes 0,1", "--samples 8", "--epsilon 0.9", "--scale 2", "--network-seed 5", "--full"):
        assert part in command


def test_folder_is_complete_and_kept(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = verify_in_folder(CONFIG, out)
    names = sorted(entry.name for entry in out.iterdir())
    assert names == ["config.json", "curves.npz", "figure.png", "report.html", "result.json"]
    assert json.loads((out / "result.json").read_text()) == result
    before = {name: (out / name).read_bytes() for name in names}
    with pytest.raises(InvalidInput, match="finished run"):
        verify_in_folder(CONFIG, out)
    assert {name: (out / name).read_bytes() for name in names} == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epsilon": "0"}, "epsilon"),
        ({"epsilon": "nan"}, "epsilon"),
        ({"epsilon": "1"}, "already"),
        ({"activation": "relu"}, "relu"),
        ({"activation": "swish"}, "unknown activation"),
        ({"loss": "logistic"}, "logistic"),
        ({"loss": "squared_hinge"}, "squared_hinge"),
        ({"loss": "huber", "epsilon": "0.6"}, "already"),
        ({"delta": 0.0}, "delta"),
        ({"delta": float("nan")}, "delta"),
        ({"delta": 0.6}, "opposite labels"),
        ({"share": "1"}, "share"),
        ({"scale": "-1"}, "scale"),
        ({"samples": 10**6}, "samples"),
        ({"classes": ("0", "x")}, "unknown class"),
        ({"network_seed": -1}, "network_seed"),
        ({"attack_steps": 0}, "steps"),
        ({"max_width": 0}, "max_width"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        verify_in_folder(replace(CONFIG, **change), tmp_path / "run")  # type: ignore[arg-type]
    assert "\n" not in str(caught.value) and not (tmp_path / "run").exists()


def test_check_config_returns_the_embedded_data() -> None:
    problem = check_config(CONFIG)
    assert problem.data.size == 8 and problem.cap.delta == 0.05

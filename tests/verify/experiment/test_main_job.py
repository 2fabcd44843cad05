"""The main job on a small problem: everything it claims is checked again here by other means."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, guarantee
from robustntk.verify import ExperimentConfig, TwoLayerNetwork, check_config, run_experiment, verify_in_folder
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison.proof_chains import chain
from robustntk.verify.comparison.trace import Trace
from robustntk.verify.experiment.main_job import Experiment
from robustntk.verify.experiment.report import render_report, reproduce_command
from robustntk.verify.sets.pixel_ball import PixelBall

CONFIG = ExperimentConfig(
    data="digits", classes=("0", "1"), samples=8, delta=0.05, epsilon="0.9", theorem="E1", share="1/2", band_runs=2
)
ERRORS = replace(CONFIG, epsilon="1/4", target="robust-error", theorem="auto", share=None)


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return run_experiment(CONFIG)


def test_the_run_meets_epsilon_at_the_prescribed_values(experiment: Experiment) -> None:
    result = experiment.to_json()
    plan, empirical = result["plan"], result["empirical"]
    assert [row for row in result["anatomy"] if not row["slack"] >= 0] == []
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
        theorem="E1",
    )
    assert again.value == plan.guarantee.value and again.meets("0.9")
    assert experiment.to_json()["predicted"]["guarantee"] <= 0.9


def test_the_claimed_loss_is_that_of_the_weights_in_the_ball(experiment: Experiment) -> None:
    training, drawn, data = experiment.training, experiment.drawn, experiment.problem.data
    assert np.linalg.norm(training.best_weights - drawn.initialisation.weights) <= float(drawn.plan.radius)
    assert experiment.problem.perturbations.contains(training.best_points, data.X, tolerance=1e-12).all()
    network = TwoLayerNetwork(training.best_weights, drawn.initialisation.signs, experiment.drawn.activation)
    loss = float(np.mean(np.maximum(0.0, 1.0 - data.y * network.predict(training.best_points))))
    assert loss == pytest.approx(training.best_surrogate_loss, abs=1e-12)


def test_certificate_holds_against_samples(experiment: Experiment) -> None:
    data, cap = experiment.problem.data, experiment.problem.perturbations
    start = experiment.drawn.initialisation
    network = TwoLayerNetwork(experiment.training.best_weights, start.signs, experiment.drawn.activation)
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
    page = render_report(result, '<?xml version="1.0"?><svg id="figure"></svg>', '<svg id="figure"></svg>')
    assert "http" not in page.replace("http://www.w3.org", "") and "src=" not in page
    assert page.count('<svg id="figure">') == page.count('<svg id="w-figure">') == 1 and "<?xml" not in page
    for phrase in ("Proved for this very network", "Measured", "not the robust loss", "Anatomy"):
        assert phrase in page
    assert ">holds<" in page
    assert ">does not hold<" in render_report({**result, "holds": False}, "<svg></svg>", "<svg></svg>")


def test_reproduce_command_names_every_option_that_differs_from_a_default() -> None:
    command = reproduce_command(replace(CONFIG, full=True, scale="2", network_seed=5).to_json())
    for part in ("--classes 0,1", "--samples 8", "--epsilon 0.9", "--scale 2", "--network-seed 5", "--full", "E1"):
        assert part in command


def test_reproduce_command_names_the_perturbation() -> None:
    pixels = replace(CONFIG, perturbation="linf", pixel_range=(0.0, 16.0), bias=None)
    command = reproduce_command(pixels.to_json())
    for part in ("--perturbation linf", "--pixel-range 0.0,16.0", "--bias none"):
        assert part in command
    assert "--pixel-range" not in reproduce_command(CONFIG.to_json())


def test_folder_is_complete_and_kept(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = verify_in_folder(CONFIG, out)
    names = sorted(entry.name for entry in out.iterdir())
    figures = {f"{name}.{kind}" for name in ("anatomy", "figure") for kind in ("png", "svg")}
    assert set(names) == figures | {"config.json", "curves.npz", "report.html", "result.json"}
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
        ({"loss": "squared_hinge", "epsilon": "0.4"}, "E1 does not apply"),
        ({"theorem": "E99"}, "E99"),
        ({"theorem": "P1"}, "P1"),
        ({"theorem": "E2"}, "quadratic_relu"),
        ({"target": "excess-loss"}, "excess-loss"),
        ({"loss_margin": "auto"}, "loss margin is auto"),
        ({"loss_margin": "3"}, "margin is 3"),
        ({"slack": "1"}, "slack"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"loss": "huber", "epsilon": "0.6"}, "already"),
        ({"delta": 0.0}, "delta"),
        ({"delta": float("nan")}, "delta"),
        ({"delta": 0.6}, "opposite labels"),
        ({"share": "1"}, "share"),
        ({"scale": "-1"}, "scale"),
        ({"samples": 10**6}, "samples"),
        ({"classes": ("0", "x")}, "unknown class"),
        ({"network_seed": -1}, "network_seed"),
        ({"perturbation": "sphere"}, "'sphere'"),
        ({"pixel_range": (0.0, 16.0)}, "belongs to l2 and linf"),
        ({"perturbation": "l2", "delta": 100.0}, "row 0 contains 0"),
        ({"attack_steps": 0}, "steps"),
        ({"max_width": 0}, "max_width"),
        ({"adversary": "hope"}, "hope"),
        ({"band_runs": -1}, "band_runs"),
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
    assert problem.data.size == 8 and problem.perturbations.delta == 0.05
    assert [each.name for each in problem.candidates] == ["quadratic_relu"]


def test_check_config_puts_balls_around_the_features() -> None:
    pixels = replace(CONFIG, perturbation="linf", delta=0.25, pixel_range=(0.0, 16.0))
    problem = check_config(pixels)
    assert problem.perturbations == PixelBall(0.25, low=0.0, high=16.0)
    assert np.array_equal(problem.centers, problem.data.features)
    assert json.loads(json.dumps(pixels.to_json()))["pixel_range"] == [0.0, 16.0]


def test_a_configuration_of_an_earlier_version_means_caps() -> None:
    recorded = {name: value for name, value in CONFIG.to_json().items() if name not in ("perturbation", "pixel_range")}
    assert {**ExperimentConfig.defaults(), **recorded} == CONFIG.to_json()


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{"perturbation": "linf", "delta": 0.25, "pixel_range": (0.0, 16.0)}, {"bias": None}],
    ids=["linf", "no bias"],
)
def test_the_whole_run_takes_other_perturbation_sets(change: dict[str, object], tmp_path: Path) -> None:
    """Plan, training, certificate and report on sets in pixel space, and on data without bias coordinate."""
    result = verify_in_folder(replace(CONFIG, samples=4, band_runs=0, **change), tmp_path / "run")  # type: ignore[arg-type]
    assert result["holds"] is True
    empirical = result["empirical"]
    assert empirical["attacked_robust_loss"] <= empirical["certified_robust_loss"]
    page = (tmp_path / "run/report.html").read_text()
    assert ("linf balls of radius 0.25 around the features, valid values from 0 to 16" in page) is (
        "bias" not in change
    )


@pytest.mark.parametrize(
    "change",
    [
        {"activation": "tanh", "scale": "1/4"},
        {"activation": "tanh", "scale": "1/4", "full": True},
        {"activation": "erf", "scale": "auto"},
        {"theorem": "E7", "epsilon": "1/2"},
        {"loss": "squared_hinge"},
        {"activation": "tanh", "theorem": "E8-tied"},
        {"target": "loss", "activation": "tanh", "theorem": "E7-tied", "epsilon": "0.7"},
        {"target": "loss", "activation": "tanh", "theorem": "E2", "epsilon": "0.9"},
        {"target": "loss", "activation": "tanh", "theorem": "E8", "epsilon": "0.7", "loss_margin": "3/4"},
        {"target": "loss", "activation": "tanh", "theorem": "E9", "epsilon": "0.3", "loss": "squared_hinge"},
        {"target": "loss", "activation": "tanh", "theorem": "E3-tied", "epsilon": "0.3", "loss": "squared_hinge"},
    ],
    ids=lambda change: " ".join(map(str, change.values())),
)
def test_every_theorem_holds_along_its_own_run(change: dict[str, object]) -> None:
    """The chain of the theorem that was used, evaluated at every step; none of another."""
    config = replace(ERRORS, **change)  # type: ignore[arg-type]
    found = run_experiment(config)
    result = found.to_json()
    plan, steps = result["plan"], [row["step"] for row in result["anatomy"]]
    assert result["holds"] is True and plan["kind"] == "guarantee", [
        row for row in result["anatomy"] if row["slack"] < 0
    ]
    assert plan["theorem"].startswith(config.theorem.replace("auto", ""))
    families = set(re.findall(r"\((E\d+)(?:-tied)?\)", " ".join(steps)))
    assert families <= {plan["theorem"].removesuffix("-tied")}
    reached = found.training.best_error if config.target == "robust-error" else found.training.best_surrogate_loss
    assert reached <= float(plan["epsilon"])
    assert found.training.steps == plan["iterations"] if config.full else found.training.steps <= plan["iterations"]
    if "tied" in plan["theorem"] or plan["theorem"] == "E2":
        first, second = np.split(found.training.best_weights - found.drawn.initialisation.weights, 2)
        assert np.allclose(first, -second, rtol=0, atol=1e-12)


def test_where_only_signs_count_a_network_of_two_neurons_is_trained() -> None:
    """The attack misclassifies at most a quarter of the points, and the certificate proves as much or nearly so."""
    found = run_experiment(replace(ERRORS, activation="tanh", scale="1/4"))
    result, data = found.to_json(), found.problem.data
    assert result["plan"]["width"] == 2 and result["plan"]["certified"] and result["plan"]["loss_margin"] < 1e-3
    network = TwoLayerNetwork(found.training.best_weights, found.drawn.initialisation.signs, found.drawn.activation)
    attack = ProjectedGradientAttack(steps=30, restarts=3, seed=5)
    _, margins = attack.minimize_margin(network, data.X, data.y, found.problem.perturbations)
    error = float(np.mean(margins <= 0.0))
    empirical = result["empirical"]
    assert error <= empirical["certified_robust_error"]
    assert empirical["best_error"] <= empirical["attacked_robust_error"] <= empirical["certified_robust_error"]
    assert empirical["best_error"] == np.min(found.training.errors) <= 0.25 < found.training.errors[0] == 1.0


def test_a_step_that_gains_less_than_claimed_makes_it_fail() -> None:
    """What the anatomy compares can fail: a comparator that is claimed to have ten times its margin."""
    found = run_experiment(replace(ERRORS, activation="tanh", scale="1/4", full=True))
    trace = Trace.of(found.drawn, found.record)
    assert all(row.kept for row in chain(trace))
    for letter, factor in (("mu", 10.0), ("G", 0.1), ("R", 0.1)):
        wrong = replace(trace, values={**trace.values, letter: factor * trace.values[letter]})
        assert not all(row.kept for row in chain(wrong)), letter

"""E||K_m - K|| against m: the exponent, its interval, and what is measured."""

import doctest
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import robustntk.kernels.finite.width_deviation
from robustntk.bounds import InvalidInput
from robustntk.kernels import SymmetricInitialisation, dual_kernel, empirical_gram, gram, unit_rows
from robustntk.kernels.architecture import Architecture, fully_connected, paper_network
from robustntk.kernels.finite.width_deviation import NORMS, Deviations, Norm, kernel_deviation, two_layer_deviation

WIDTHS = (32, 128, 512, 2048)


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, d))
    return unit_rows(X / np.linalg.norm(X, axis=1, keepdims=True))


def made_up(slope: float, seeds: int, seed: int, bend: float = 0.0) -> Deviations:
    """Deviations m^slope (1 + bend/m) times log-normal noise with mean 1, correlated between widths as ours may be."""
    rng = np.random.default_rng(seed)
    shared, own = rng.standard_normal((3, 1, seeds)), rng.standard_normal((3, len(WIDTHS), seeds))
    m = np.array(WIDTHS, dtype=float)[:, None]
    relative = m**slope * (1 + bend / m) * np.exp(0.3 * (shared + own) - 0.09)
    ones = np.ones((3, len(WIDTHS)))
    return Deviations("made up", 5, 3, WIDTHS, tuple(range(seeds)), relative, ones, np.zeros(len(WIDTHS)))


def test_the_interval_contains_the_true_exponent_as_often_as_it_says() -> None:
    """500 made-up measurements with exponent -0.47: the 90 % interval holds it in 90 %, within four standard errors."""
    found = [made_up(-0.47, 12, seed).exponent("operator", confidence=0.9) for seed in range(500)]
    margin = 4 * math.sqrt(0.9 * 0.1 / len(found))
    held = np.mean([interval.contains(-0.47) for interval in found])
    assert 0.9 - margin < held < 0.9 + margin
    # An exponent that is off by 0.05 is not held as often, nor is an interval a quarter narrower right.
    assert np.mean([interval.contains(-0.52) for interval in found]) < 0.9 - margin
    assert np.mean([abs(each.estimate + 0.47) < 0.375 * each.width for each in found]) < 0.9 - margin


def test_the_exponent_is_that_of_the_means() -> None:
    measured = made_up(-0.5, 6, 1)
    for index, norm in enumerate(NORMS):
        expected = np.polyfit(np.log(WIDTHS), np.log(measured.relative[index].mean(axis=1)), 1)[0]
        assert measured.exponent(norm).estimate == pytest.approx(expected, rel=1e-12)
    assert measured.exponent(confidence=0.99).width > measured.exponent(confidence=0.9).width > 0


@pytest.mark.parametrize("name", ["erf", "quadratic_relu", "relu"])
def test_two_layers_deviate_like_one_over_the_root_of_the_width(name: str) -> None:
    measured = two_layer_deviation(name, sphere(12, 5), widths=WIDTHS, seeds=range(24))
    for norm in NORMS:
        exponent = measured.exponent(norm, confidence=0.999)
        assert exponent.contains(-0.5) and exponent.width < 0.3
        assert not exponent.contains(-0.75) and not exponent.contains(-0.25)
        last = measured.rows(norm)[-1]
        assert last.times_root_width == pytest.approx(last.mean * math.sqrt(2048))
    assert max(abs(row.bias_share) for row in measured.rows()) < 0.25


def test_every_number_is_the_norm_it_says() -> None:
    X = sphere(6, 4)
    measured = two_layer_deviation("erf", X, widths=(16, 64), seeds=(3, 5, 8))
    K = gram(dual_kernel("erf"), X)
    for row, width in enumerate((16, 64)):
        differences = [empirical_gram(SymmetricInitialisation(width, 4, seed), "erf", X) - K for seed in (3, 5, 8)]
        for column, D in enumerate(differences):
            expected = [
                np.linalg.norm(D, 2) / np.linalg.norm(K, 2),
                np.linalg.norm(D) / np.linalg.norm(K),
                np.abs(D).max() / np.abs(K).max(),
            ]
            np.testing.assert_allclose(measured.relative[:, row, column], expected, rtol=1e-10)
        products = [np.sum(a * b) for i, a in enumerate(differences) for j, b in enumerate(differences) if i != j]
        assert measured.squared_bias[row] * np.sum(K**2) == pytest.approx(np.mean(products), rel=1e-9)


ARCHITECTURES: dict[str, Architecture] = {
    "all layers": fully_connected("erf", 2, trained="all", bias_variance="1/4"),
    "paper": paper_network(2, 2),
    "standard": fully_connected("relu", 2, trained="all", parametrization="standard", width=2),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_deep_networks_deviate_so_too(name: str) -> None:
    measured = kernel_deviation(ARCHITECTURES[name], sphere(8, 5), widths=(64, 256, 1024), seeds=range(16))
    exponent = measured.exponent("frobenius", confidence=0.999)
    assert exponent.contains(-0.5) and exponent.width < 0.6
    assert measured.rows("frobenius")[-1].mean < 0.25


def test_another_limit_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a kernel that is wrong by 4 % deviations stop falling, and most of what is left is bias."""
    X, options = sphere(12, 5), {"widths": (128, 512, 2048, 8192), "seeds": range(24)}
    right = two_layer_deviation("erf", X, **options)
    monkeypatch.setattr(robustntk.kernels.finite.width_deviation, "gram", lambda kernel, X: 1.04 * gram(kernel, X))
    wrong = two_layer_deviation("erf", X, **options)
    assert right.exponent("frobenius", confidence=0.999).contains(-0.5)
    assert not wrong.exponent("frobenius", confidence=0.999).contains(-0.5)
    assert wrong.rows()[-1].bias_share > 0.5 > 0.25 > right.rows()[-1].bias_share
    assert math.sqrt(wrong.squared_bias[-1]) == pytest.approx(0.04 / 1.04, rel=0.1)


def test_the_kernel_of_the_standard_parametrisation_grows_with_the_width() -> None:
    measured = kernel_deviation(ARCHITECTURES["paper"], sphere(3, 4), widths=(8, 32), seeds=range(3))
    np.testing.assert_allclose(measured.reference_norms[:, 1], 4 * measured.reference_norms[:, 0], rtol=1e-12)
    assert measured.widths == (8, 32) and measured.seeds == (0, 1, 2)
    assert measured.label.endswith("; standard parametrization")


def test_json_holds_every_number() -> None:
    measured = two_layer_deviation("tanh", sphere(4, 3), widths=(16, 64), seeds=range(4))
    data: dict[str, Any] = json.loads(json.dumps(measured.to_json()))
    assert data["widths"] == [16, 64] and data["seeds"] == [0, 1, 2, 3] and data["points"] == 4
    assert data["label"] == "NTK of depth 1 (tanh); layers trained: 1; symmetric initialisation"
    for index, norm in enumerate(NORMS):
        assert data["norms"][norm]["relative"] == measured.relative[index].tolist()
        assert data["norms"][norm]["mean"] == [row.mean for row in measured.rows(norm)]
        assert data["norms"][norm]["exponent"] == measured.exponent(norm).to_json()


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.finite.width_deviation)
    assert result.attempted == 3 and result.failed == 0


def test_refusals() -> None:
    X = sphere(3, 4)
    for widths, seeds, message in [
        ((16,), range(4), r"widths are \(16,\): expected at least 2"),
        ((16, 16), range(4), r"widths are \(16, 16\)"),
        ((16, 32), range(2), "expected at least 3"),
        ((16, 32), (1, 1, 2), r"seeds are \(1, 1, 2\)"),
        ((16, 33), range(4), "width is 33"),
        ((0, 32), range(4), "expected positive integers"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            two_layer_deviation("erf", X, widths=widths, seeds=seeds)
    with pytest.raises(InvalidInput, match="row 0 of X has norm 2"):
        two_layer_deviation("erf", 2 * X, widths=(16, 32))
    measured = made_up(-0.5, 4, 0)
    unknown: Any = "nuclear"
    with pytest.raises(InvalidInput, match="norm is 'nuclear'"):
        measured.exponent(unknown)
    with pytest.raises(InvalidInput, match="confidence is 1"):
        measured.exponent(confidence=1.0)
    known: Norm = "operator"
    assert replace(measured, label="x").exponent(known) == measured.exponent(known)

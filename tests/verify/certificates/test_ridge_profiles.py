"""Expansions of ridge functions stay below them, also next to kinks and singularities."""

import numpy as np
import pytest
import sympy

from robustntk.bounds import Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import dual_kernel, numeric
from robustntk.verify.certificates.ridge_profiles import Expansion, kernel_profile, network_profile

ACTIVATIONS = ("quadratic_relu", "erf", "tanh", "softplus", "sigmoid", "gelu", "sin", "sin_cos")


def below(expansion: Expansion, outputs: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The expansion of ``o phi(b + a)`` at ``a = moves``, shape (moves, ridges)."""
    third = 0.0 if expansion.third is None else expansion.third
    a = moves
    signed = expansion.value + expansion.slope * a + expansion.curvature * a**2 / 2.0 + third * a**3 / 6.0
    return np.asarray(outputs * signed - np.abs(outputs) * expansion.bend * a**2)


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_expansions_of_activations_stay_below_them(name: str, scale: int) -> None:
    activation = get_activation(name).scaled(scale)
    rng = np.random.default_rng(1)
    arguments = np.concatenate([rng.normal(0.0, 2.0, 300), [0.0, 1e-9, -1e-9, 1e-3, -1e-3]])
    outputs = rng.choice([-1.0, 1.0], len(arguments)) * rng.random(len(arguments))
    for reach in (1e-6, 1e-2, 0.3, 2.0):
        expansion = network_profile(activation).expand(arguments, np.full_like(arguments, reach), outputs)
        moves = reach * np.linspace(-1.0, 1.0, 41)[:, None]
        truth = outputs * numeric(activation)(arguments + moves)
        size = 1.0 + np.abs(arguments * scale) ** 2
        assert np.all(below(expansion, outputs, moves) <= truth + 1e-14 * size)


@pytest.mark.parametrize("name", ["quadratic_relu", "erf", "tanh", "softplus", "sin", "gelu"])
def test_expansions_of_kernels_stay_below_them_up_to_the_ends(name: str) -> None:
    kernel = dual_kernel(name)
    rng = np.random.default_rng(2)
    arguments = np.concatenate([rng.uniform(-1.0, 1.0, 300), [1.0, -1.0, 1 - 1e-9, 1e-9 - 1, 1 - 1e-4, 0.0]])
    outputs = rng.choice([-1.0, 0.0, 1.0], len(arguments)) * rng.random(len(arguments))
    for reach in (1e-6, 1e-3, 0.1):
        expansion = kernel_profile(kernel).expand(arguments, np.full_like(arguments, reach), outputs)
        moves = np.clip(arguments + reach * np.linspace(-1.0, 1.0, 41)[:, None], -1.0, 1.0) - arguments
        usable = np.isfinite(expansion.curvature)
        assert usable.all() or reach > 0.01
        truth = outputs * kernel.value(np.clip(arguments + moves, -1.0, 1.0))
        excess = below(expansion, outputs, moves) - truth
        assert np.all(excess[:, usable] <= 1e-12)


def test_a_user_activation_whose_curvature_jumps_is_expanded_to_first_order() -> None:
    kinked = Activation.define("one-sided", sympy.Piecewise((z**2 / (1 + z**2), z > 0), (0, True)))
    rng = np.random.default_rng(3)
    arguments, outputs = rng.normal(0.0, 1.0, 200), rng.choice([-1.0, 1.0], 200)
    expansion = network_profile(kinked).expand(arguments, np.full(200, 0.2), outputs)
    moves = np.linspace(-0.2, 0.2, 21)[:, None]
    assert np.all(below(expansion, outputs, moves) <= outputs * numeric(kinked)(arguments + moves) + 1e-14)


@pytest.mark.parametrize("name", ["erf", "quadratic_relu"])
def test_an_expansion_without_its_bend_is_refuted(name: str) -> None:
    activation = get_activation(name)
    rng = np.random.default_rng(4)
    arguments, outputs = rng.normal(0.0, 0.5, 200), np.ones(200)
    expansion = network_profile(activation).expand(arguments, np.full(200, 0.5), outputs)
    bold = Expansion(
        expansion.value, expansion.slope, expansion.curvature, np.zeros_like(expansion.bend), expansion.third
    )
    moves = 0.5 * np.linspace(-1.0, 1.0, 41)[:, None]
    assert not np.all(below(bold, outputs, moves) <= numeric(activation)(arguments + moves) + 1e-9)


def test_relu_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Lipschitz"):
        network_profile(get_activation("relu"))
    with pytest.raises(InvalidInput, match="kappa'"):
        kernel_profile(dual_kernel("relu"))

"""Which network is meant, and what it refuses to be."""

import doctest

import pytest
import sympy

from robustntk.bounds import InvalidInput
from robustntk.kernels import LINEAR, Architecture, architecture, fully_connected, paper_network


def test_the_default_is_the_kernel_of_the_theory() -> None:
    network = fully_connected("erf")
    assert (network.depth, network.trained) == (1, (True, False))
    assert network.layer_weights == ((1, 0), (0, 0))


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        ("all", (True, True, True)),
        ("hidden", (True, True, False)),
        ("first", (True, False, False)),
        ("readout", (False, False, True)),
        ((False, True, False), (False, True, False)),
    ],
)
def test_which_layers_are_trained(trained: str, expected: tuple[bool, ...]) -> None:
    assert fully_connected("relu", 2, trained=trained).trained == expected
    assert fully_connected("relu", 2).only(trained).trained == expected


def test_what_each_parametrization_contributes() -> None:
    ntk = fully_connected("relu", 2, trained="all", weight_variance=2, bias_variance=[0, "0.1", 0])
    assert ntk.layer_weights == ((2, 0), (2, sympy.Rational(1, 10)), (2, 0))
    standard = fully_connected(
        "relu", 2, trained="all", weight_variance=2, bias_variance=[0, "0.1", 0], parametrization="standard", width=50
    )
    assert standard.layer_weights == ((1, 0), (50, 1), (50, 0))


def test_the_network_of_the_paper() -> None:
    network = paper_network(3, 100)
    assert network.activations[0] is LINEAR
    assert network.trained == (False, True, True, True, False)
    assert network.weight_variances == (2, 2, 2, 2, 1)


def test_labels_tell_kernels_apart() -> None:
    networks = [
        fully_connected("relu"),
        fully_connected("erf"),
        fully_connected("relu", 2),
        fully_connected(["relu", "erf"]),
        fully_connected(["erf", "relu"]),
        fully_connected("relu", 2, trained="all"),
        fully_connected("relu", weight_variance=2),
        fully_connected("relu", weight_variance=[2, 1]),
        fully_connected("relu", bias_variance=2),
        fully_connected("relu", parametrization="standard", width=3),
        fully_connected("relu", parametrization="standard", width=4),
    ]
    assert len({network.label for network in networks}) == len(networks) == len(set(networks))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 0}, "depth is 0"),
        ({"activation": []}, "depth is 0"),
        ({"activation": ["relu", "erf"], "depth": 3}, "2 activations are given for depth 3"),
        ({"trained": "some"}, "trained is 'some'"),
        ({"trained": (True,)}, "trained has 1 entries: expected 2"),
        ({"trained": (False, False)}, "trained is false for every layer"),
        ({"weight_variance": 0}, "the weight variance of layer 1 is 0"),
        ({"weight_variance": [1, -2]}, "the weight variance of layer 2 is -2"),
        ({"weight_variance": [1]}, "weight_variances has 1 entries"),
        ({"bias_variance": -1}, "the bias variance of layer 1 is -1"),
        ({"bias_variance": float("nan")}, "bias_variance is nan"),
        ({"parametrization": "mean-field"}, "parametrization is 'mean-field'"),
        ({"width": 7}, "width is 7: expected none"),
        ({"parametrization": "standard"}, "width is None: expected a positive integer"),
        ({"parametrization": "standard", "width": 0}, "width is 0: expected a positive integer"),
        ({"activation": "squish"}, "squish"),
    ],
)
def test_refusals(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message.replace("(", r"\(")):
        fully_connected(**arguments)  # type: ignore[arg-type]


def test_the_paper_has_a_trained_layer() -> None:
    with pytest.raises(InvalidInput, match="depth is 0"):
        paper_network(0, 10)
    with pytest.raises(InvalidInput, match="depth is 0"):
        Architecture((), (True,), (sympy.Integer(1),), (sympy.Integer(0),))


def test_the_examples() -> None:
    result = doctest.testmod(architecture)
    assert result.attempted
    assert result.failed == 0

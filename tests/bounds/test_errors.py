"""What a message says of a name that nobody knows."""

import pytest

from robustntk.bounds import ACTIVATIONS, LOSSES, InvalidInput, get_activation, get_loss
from robustntk.bounds.errors import expected_one_of


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ref", "erf"),
        ("ReLU", "relu"),
        ("quadraticrelu", "quadratic_relu"),
        ("softpluss", "softplus"),
        ("sine", "sin"),
    ],
)
def test_the_nearest_activation_is_named(given: str, meant: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        get_activation(given)
    assert str(caught.value).endswith(f"did you mean {meant!r}?")
    assert all(name in str(caught.value) for name in ACTIVATIONS)


def test_the_nearest_loss_is_named() -> None:
    with pytest.raises(InvalidInput, match="did you mean 'squared_hinge'"):
        get_loss("square_hinge")
    with pytest.raises(InvalidInput) as caught:
        get_loss("zero")
    assert "did you mean" not in str(caught.value) and all(name in str(caught.value) for name in LOSSES)


@pytest.mark.parametrize(("given", "hint"), [("e3", "; did you mean 'E3'?"), ("E77", ""), ("E33", ""), ("", "")])
def test_short_ids_are_near_to_themselves_only(given: str, hint: str) -> None:
    assert expected_one_of(given, ["E3", "E7"]) == f"expected one of E3, E7{hint}"


def test_other_words_and_unlisted_names() -> None:
    text = expected_one_of("E1.a/bal", ["E1", "E2"], others="an id", unlisted=["E1.a/ball"])
    assert text == "expected one of E1, E2, or an id; did you mean 'E1.a/ball'?"

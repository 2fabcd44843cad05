"""Fields become the command line that they stand for, and the page's fields are options of the command."""

from typing import Any

import pytest

from robustntk.bounds import ACTIVATIONS, CONVERGENCE_THEOREMS, LOSSES
from robustntk.cli.calculator import fields
from robustntk.cli.calculator.answer import answer, without_theorem
from robustntk.cli.calculator.question import arguments, command_line, instead, options_of


def values(chosen: tuple[fields.Field, ...]) -> dict[str, Any]:
    return {field.name: field.value for field in chosen}


OF_RADIUS = (*fields.RADIUS_FIELDS, *fields.shared_fields(of_data=False), *fields.RADIUS_EXTRAS)


def of_data(source: str) -> tuple[fields.Field, ...]:
    return (*fields.data_fields(source), *fields.shared_fields(of_data=True), *fields.DATA_EXTRAS)


def test_defaults_and_empty_fields_are_left_out() -> None:
    assert arguments(values(OF_RADIUS)) == ("--radius", "3.91", "--dim", "65", "--epsilon", "0.5")


def test_flags_are_given_where_they_are_ticked() -> None:
    assert arguments({"standardize": True, "no_draw": False, "delta": " 0.2 "}) == ("--standardize", "--delta", "0.2")


@pytest.mark.parametrize("name", ["epsilon", "radius", "data"])
def test_what_is_needed_is_asked_for_even_where_it_is_empty(name: str) -> None:
    """Without --data the command would take the digits, whatever file was meant."""
    assert arguments({name: ""}) == (f"--{name}", "")


def test_an_expression_goes_before_the_chosen_activation() -> None:
    assert arguments({"activation": "erf", "expression": "sin(z)"}) == ("--activation", "sin(z)")
    assert arguments({"activation": "erf", "expression": " "}) == ("--activation", "erf")


def test_the_command_line_can_be_pasted_into_a_shell() -> None:
    assert command_line(("--activation", "log(cosh(z))")) == "robustntk width --activation 'log(cosh(z))'"


def test_options_are_read_as_the_command_reads_them() -> None:
    options = options_of(("--samples", "20", "--epsilon", "1/3"))
    assert (options["samples"], options["epsilon"], options["loss"]) == (20, "1/3", "hinge")
    assert "radius" not in options and "constant" not in options


def test_an_option_is_replaced_or_taken_out() -> None:
    asked = ("--epsilon", "1", "--theorem", "E1", "--radius", "2")
    assert instead(asked, "--epsilon", "3") == ("--theorem", "E1", "--radius", "2", "--epsilon", "3")
    assert without_theorem(asked) == ("--epsilon", "1", "--radius", "2")
    assert without_theorem(asked[:2]) == asked[:2]


@pytest.mark.parametrize("source", fields.DATASETS)
def test_every_field_is_an_option_of_the_command(source: str) -> None:
    for field in (*OF_RADIUS, *of_data(source)):
        if field.name != "expression":
            value = field.value if isinstance(field.value, bool) else "1"
            options_of(arguments({field.name: value}))


def test_choices_are_the_ones_there_are() -> None:
    choices = {field.name: set(field.choices or ()) for field in of_data("digits")}
    assert choices["activation"] == {*ACTIVATIONS, "auto"} and choices["loss"] == set(LOSSES)
    assert choices["theorem"] == {*CONVERGENCE_THEOREMS, "auto"}
    assert all(field.value in field.choices.values() for field in of_data("digits") if field.choices)


@pytest.mark.parametrize("source", [name for name in fields.DATASETS if name != fields.FILE])
def test_the_defaults_for_every_data_set_have_a_plan(source: str) -> None:
    """Conditional ones, which take less long."""
    asked = arguments({"data": source, **values(of_data(source)), "no_draw": True})
    found = answer(asked)
    assert found.plan is not None, found.refusal

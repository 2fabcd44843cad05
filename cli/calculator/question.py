"""The fields of the page as a command line of ``robustntk width``, and that line as options."""

import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

Arguments = tuple[str, ...]

COMMAND = "width"
# Asked for even where they are empty: without them the command would answer another question.
_NEEDED = ("epsilon", "radius", "data")


def arguments(fields: Mapping[str, str | bool]) -> Arguments:
    """The command line for the fields, by option names; defaults are left out, ticked ones are flags.

    So are empty ones, unless the question makes no sense without them. The field ``expression`` is an activation that
    is typed in; it goes before the chosen one.

    >>> arguments({"radius": "3.91", "epsilon": " 0.5 ", "scale": "1", "confidence": "", "loss": "huber"})
    ('--radius', '3.91', '--epsilon', '0.5', '--loss', 'huber')
    """
    defaults = {option.name: option.default for option in _command().params}
    words: list[str] = []
    chosen = dict(fields)
    expression = str(chosen.pop("expression", "")).strip()
    for name, value in (chosen | ({"activation": expression} if expression else {})).items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words += [option] * value
        elif name in _NEEDED or value.strip() not in ("", defaults[name]):
            words += [option, value.strip()]
    return tuple(words)


def command_line(arguments: Sequence[str]) -> str:
    """What to type for the same answer."""
    return shlex.join(("robustntk", COMMAND, *arguments))


def options_of(arguments: Sequence[str]) -> dict[str, Any]:
    """The options of ``robustntk width`` that were given or have defaults, by name, as the command itself reads them.

    Raises:
        TyperException: for what is no option, or no number where one belongs.
    """
    parameters = _command().make_context(COMMAND, list(arguments)).params
    return {name: value for name, value in parameters.items() if value not in (None, ())}


def instead(arguments: Arguments, option: str, value: str | None = None) -> Arguments:
    """The same command line with another value of the option, or without it.

    >>> instead(("--radius", "1", "--theorem", "E1"), "--theorem")
    ('--radius', '1')
    """
    words = list(arguments)
    if option in words:
        place = words.index(option)
        del words[place : place + 2]
    return (*words, *(() if value is None else (option, value)))


@cache
def _command() -> Any:
    import typer

    from ..app import app

    group: Any = typer.main.get_command(app)
    return group.commands[COMMAND]

"""Exit codes and one-line errors, the same for every command."""

import inspect
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import Abort, TyperException

BAD_INPUT = 2
TRACEBACK_VARIABLE = "ROBUSTNTK_TRACEBACK"
COMPLETION_VARIABLE = "_ROBUSTNTK_COMPLETE"


def one_line(error: BaseException) -> str:
    """The error's message without line breaks; its class name if it has no message."""
    if isinstance(error, TyperException):
        message = " ".join(error.format_message().split())
        return (message[:1].lower() + message[1:].rstrip(".")).replace(". Did", "; did")
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def complain(error: BaseException) -> int:
    """Print ``error: ...`` to stderr and return the exit code for bad input."""
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    print(f"error: {one_line(error)}", file=sys.stderr)
    return BAD_INPUT


@contextmanager
def suggestions_in_one_line() -> Iterator[None]:
    """While the shell asks for suggestions: their help is folded to the terminal, and shells read one in each line."""
    before = os.environ.get("COLUMNS")
    if COMPLETION_VARIABLE in os.environ:
        os.environ["COLUMNS"] = "10000"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("COLUMNS", None)
        else:
            os.environ["COLUMNS"] = before


def help_text(documentation: str | None) -> str:
    """A docstring for a terminal of any width: only empty lines in it start new ones, and brackets are no markup."""
    paragraphs = inspect.cleandoc(documentation or "").replace("[", "\\[").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


class FlagsHaveNoType:
    """In the help of a command, flags do not look as if they took a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options, as the help shows them."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_flag", False) and parameter.metavar is None:
                parameter.metavar = ""
        return parameters


class Command(FlagsHaveNoType, TyperCommand):
    """One of the commands."""


class Application(FlagsHaveNoType, TyperGroup):
    """A command group whose commands return their exit code.

    ``ValueError`` (which every refused input raises), ``OSError`` and wrong usage become one line on stderr
    and exit code 2. Any other exception is a fault of the program and keeps its traceback.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        # Widths of E1 at tiny epsilon have more digits than Python prints by default.
        sys.set_int_max_str_digits(0)
        try:
            with suggestions_in_one_line():
                code = super().main(
                    args,
                    prog_name,
                    complete_var,
                    standalone_mode=False,
                    windows_expand_args=windows_expand_args,
                    **extra,
                )
        except (TyperException, Abort, ValueError, OSError) as error:
            code = complain(error)
        if standalone_mode:
            sys.exit(code or 0)
        return code or 0

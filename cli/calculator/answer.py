"""What ``robustntk width`` answers to a command line: its plan, or its one line of refusal."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from typer.exceptions import TyperException

from ..application import one_line
from ..progress import Report, watched
from ..width import chosen_plan
from .question import Arguments, instead, options_of

Plan = Mapping[str, Any]
# Plans are small; those of the curves are asked for again and again.
_REMEMBERED = 4096


@dataclass(frozen=True)
class Answer:
    """A plan as the command's JSON object, or else the refusal: exactly one of the two."""

    plan: Plan | None = None
    refusal: str | None = None


def answer(arguments: Arguments, report: Report | None = None) -> Answer:
    """The answer to ``robustntk width`` with these arguments, from memory if it was given before.

    Args:
        arguments: the words after ``robustntk width``, without ``--json``.
        report: called with (stage, done, total) while there is progress.
    """
    with watched(report or _nobody):
        return _answer(arguments, stamp(arguments))


def stamp(arguments: Arguments) -> int:
    """When the data file was last changed, 0 without one: an edited file is read again."""
    path = Path(arguments[arguments.index("--data") + 1]) if "--data" in arguments else None
    return path.stat().st_mtime_ns if path is not None and path.is_file() else 0


@lru_cache(maxsize=_REMEMBERED)
def _answer(arguments: Arguments, changed: int) -> Answer:
    # As for the command: widths of tiny epsilons have more digits than Python prints by default.
    sys.set_int_max_str_digits(0)
    try:
        return Answer(plan=chosen_plan(**options_of(arguments)))
    except (TyperException, ValueError, OSError) as error:
        return Answer(refusal=one_line(error))


def without_theorem(arguments: Arguments) -> Arguments:
    """The same question to all theorems."""
    return instead(arguments, "--theorem")


def _nobody(stage: str, done: int, total: int | None = None) -> None:
    """Nobody watches."""

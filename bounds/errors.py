"""Errors that a caller can act upon: each names the offending value and says what was expected."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class InvalidInput(ValueError):
    """An argument is not what the called function can work with."""


class HypothesisError(InvalidInput):
    """A hypothesis of the theorem fails for the given problem; the message is the reason."""


class WidthTooSmall(InvalidInput):
    """A drawn network is narrower than the theorem asks for; `required` is the width that would do."""

    def __init__(self, message: str, *, required: int) -> None:
        super().__init__(message)
        self.required = required


class TooFewIterations(InvalidInput):
    """No plan has as few iterations as are allowed; `required` are the fewest that any width allows."""

    def __init__(self, message: str, *, required: int) -> None:
        super().__init__(message)
        self.required = required


def expected_one_of(value: object, names: Iterable[object], *, others: str = "", unlisted: Iterable[str] = ()) -> str:
    """What a message says of a name that is none of these: all of them, and the one that was probably meant.

    Args:
        value: what was given.
        names: that are known.
        others: what else would do, in words.
        unlisted: names that are known, but too many to be listed.

    >>> expected_one_of("hing", ["hinge", "huber"])
    "expected one of hinge, huber; did you mean 'hinge'?"
    """
    listed = [str(name) for name in names]
    meant = _nearest(str(value), {name.lower(): name for name in (*listed, *unlisted)})
    hint = "" if meant is None else f"; did you mean {meant!r}?"
    return f"expected one of {', '.join(listed)}{f', or {others}' if others else ''}{hint}"


def _nearest(value: str, known: Mapping[str, str]) -> str | None:
    """Upper case apart; no short id, such as E7, is nearer to another than to the next."""
    short_id = len(value) <= 3 and any(character.isdigit() for character in value)
    found = get_close_matches(value.lower(), known, n=1, cutoff=1.0 if short_id else 0.6)
    return known[found[0]] if found else None

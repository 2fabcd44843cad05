"""Which options were given, and which of them cannot be used together."""

from collections.abc import Mapping
from typing import Any


def present(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def refuse(given: Mapping[str, object], reason: str) -> None:
    """Raise for the first of the options that were given: none may be dropped silently."""
    for name in given:
        raise ValueError(f"--{name.replace('_', '-')} cannot be used here: {reason}")

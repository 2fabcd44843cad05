"""The data options as one data set."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..verify import Dataset


def read_dataset(source: str, *, classes: str | None, samples: int | None, seed: int, bias: str) -> "Dataset":
    """Load the data that ``--data --classes --samples --seed --bias`` describe.

    Raises InvalidInput, from the loader, naming what is wrong with them.
    """
    from ..verify import load_data

    chosen = None if classes is None else classes.split(",")
    return load_data(source, classes=chosen, samples=samples, seed=seed, bias=real_number("--bias", bias))


def real_number(option: str, text: str) -> float:
    """`text` as a float, for options that only enter floating-point computations."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{option} is {text!r}: expected a number") from None

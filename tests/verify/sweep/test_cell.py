"""Keys of cells: the same for the same settings, others for others."""

import math

import pytest

from robustntk.verify.sweep import cell as module
from robustntk.verify.sweep.cell import Cell, canonical

SETTINGS = {"width": 64, "delta": 0.1, "tied": False, "radius": None, "data": "digits"}


def test_the_order_of_the_settings_does_not_matter() -> None:
    there, back = Cell.of("kernel", SETTINGS), Cell.of("kernel", dict(reversed(SETTINGS.items())))
    assert there == back and there.key == back.key and len(there.key) == 32


@pytest.mark.parametrize(
    "change", [{"width": 66}, {"delta": math.nextafter(0.1, 1.0)}, {"tied": True}, {"radius": 1.0}, {"seed": 0}]
)
def test_any_other_setting_is_another_cell(change: dict[str, object]) -> None:
    assert Cell.of("kernel", SETTINGS | change).key != Cell.of("kernel", SETTINGS).key  # type: ignore[arg-type]


def test_kind_and_schema_are_parts_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Cell.of("kernel", SETTINGS).key
    assert Cell.of("training", SETTINGS).key != before
    monkeypatch.setattr(module, "SCHEMA", module.SCHEMA + 1)
    assert Cell.of("kernel", SETTINGS).key != before


def test_keys_are_stable() -> None:
    """The sha256 of one spelling: a change here would make folders of sweeps worthless without a word."""
    assert canonical(Cell.of("kernel", SETTINGS).to_json()) == (
        b'{"kind":"kernel","schema":1,"settings":{"data":"digits","delta":0.1,"radius":null,"tied":false,"width":64}}'
    )


def test_there_is_no_spelling_for_what_is_not_finite() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"value": math.nan})

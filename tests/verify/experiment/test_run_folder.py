import json
from pathlib import Path

import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.verify.experiment.run_folder import RESULT, RunFolder, read_json, write_atomically

CONFIG = {"delta": 0.1, "epsilon": "0.5"}


def test_a_finished_run_is_never_claimed_again(tmp_path: Path) -> None:
    folder = RunFolder.claim(tmp_path / "run", CONFIG)
    folder.begin(CONFIG)
    folder.finish({"holds": True})
    before = (folder.path / RESULT).read_bytes()
    with pytest.raises(InvalidInput, match="finished run"):
        RunFolder.claim(folder.path, CONFIG)
    assert (folder.path / RESULT).read_bytes() == before


def test_an_unfinished_run_is_resumed_only_with_its_own_configuration(tmp_path: Path) -> None:
    RunFolder.claim(tmp_path, CONFIG).begin(CONFIG)
    assert RunFolder.claim(tmp_path, CONFIG).path == tmp_path
    with pytest.raises(InvalidInput, match="delta = 0.1, not 0.2"):
        RunFolder.claim(tmp_path, CONFIG | {"delta": 0.2})


def test_keys_that_an_earlier_version_did_not_record_have_their_defaults(tmp_path: Path) -> None:
    RunFolder.claim(tmp_path, CONFIG).begin(CONFIG)
    newer, defaults = CONFIG | {"perturbation": "cap"}, {"perturbation": "cap"}
    assert RunFolder.claim(tmp_path, newer, defaults=defaults).path == tmp_path
    with pytest.raises(InvalidInput, match="perturbation = 'cap', not 'l2'"):
        RunFolder.claim(tmp_path, CONFIG | {"perturbation": "l2"}, defaults=defaults)
    with pytest.raises(InvalidInput, match="perturbation = None, not 'cap'"):
        RunFolder.claim(tmp_path, newer)


def test_claiming_writes_nothing(tmp_path: Path) -> None:
    RunFolder.claim(tmp_path / "new", CONFIG)
    assert not (tmp_path / "new").exists()


def test_a_refused_run_leaves_nothing_behind_but_a_checkpoint_stays(tmp_path: Path) -> None:
    folder = RunFolder.claim(tmp_path / "run", CONFIG)
    folder.begin(CONFIG)
    folder.abandon()
    assert not folder.path.exists()
    folder.begin(CONFIG)
    folder.checkpoint.write_bytes(b"state")
    folder.abandon()
    assert folder.checkpoint.exists() and (folder.path / "config.json").exists()


def test_files_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_foreign_folders_and_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InvalidInput, match="holds no run"):
        RunFolder.claim(tmp_path, CONFIG)
    with pytest.raises(InvalidInput, match="is a file"):
        RunFolder.claim(tmp_path / "thesis.tex", CONFIG)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "result.json"
    write_atomically(target, b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_json_refuses_nan_before_touching_the_file(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(ValueError, match="Out of range float values"):
        folder.write_json("result.json", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


def test_arrays_come_back(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_arrays("curves.npz", {"loss": np.arange(3.0)})
    with np.load(tmp_path / "curves.npz") as archive:
        assert archive["loss"].tolist() == [0.0, 1.0, 2.0]


def test_a_truncated_configuration_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG)[:-4])
    with pytest.raises(InvalidInput, match="not a readable JSON file"):
        read_json(tmp_path / "config.json")

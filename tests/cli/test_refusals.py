"""Bad input, whatever the command: exit code 2, one line that names the culprit, nothing on stdout, nothing written."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

RUNNER = CliRunner()

COMMANDS = {
    "radius": ["radius"],
    "width": ["width", "--epsilon", "0.9"],
    "verify": ["verify", "--epsilon", "0.9", "--out", "run"],
}
DIGITS = ["--data", "digits", "--classes", "0,1", "--samples", "4"]

WRONG_DATA = {
    "NaN in the data": (["--data", "nan.npz"], "row 2"),
    "labels that are not -1 and +1": (["--data", "labels.npz"], "labels are 0, 1"),
    "a truncated archive": (["--data", "cut.npz"], "cut.npz"),
    "an archive without labels": (["--data", "unlabelled.npz"], "'y'"),
    "no such file": (["--data", "nowhere.npz"], "nowhere.npz"),
    "no such bundled set": (["--data", "mnist"], "mnist"),
    "an unknown class": (["--classes", "0,banana"], "banana"),
    "one class": (["--classes", "0"], "--classes"),
    "the same class twice": (["--classes", "1,1"], "two different"),
    "too many samples": (["--samples", "361"], "360"),
    "no samples": (["--samples", "0"], "samples is 0"),
    "half a sample": (["--samples", "2.5"], "2.5"),
    "a negative seed": (["--seed", "-1"], "seed is -1"),
    "delta of zero": (["--delta", "0"], "delta"),
    "negative delta": (["--delta", "-0.1"], "delta"),
    "delta is NaN": (["--delta", "nan"], "delta"),
    "delta is infinite": (["--delta", "inf"], "delta"),
    "delta is no number": (["--delta", "small"], "small"),
    "delta beyond the sphere": (["--delta", "1.8"], "delta"),
    "overlapping caps of opposite labels": (["--data", "close.npz"], "rows 1 and 2"),
    "an unknown perturbation": (["--perturbation", "l3"], "l3"),
    "a pixel range for caps": (["--pixel-range", "0,16"], "pixel_range"),
    "half a pixel range": (["--perturbation", "l2", "--pixel-range", "0"], "--pixel-range is '0'"),
    "a pixel range upside down": (["--perturbation", "l2", "--pixel-range", "16,0"], "from 16.0 to 0.0"),
    "pixels outside their range": (["--perturbation", "linf", "--pixel-range", "0,10"], "row 0"),
    "a ball around zero": (["--perturbation", "l2", "--delta", "100"], "row 0 contains 0"),
    "balls that meet": (["--perturbation", "linf", "--delta", "8", "--pixel-range", "0,16"], "share a point"),
    "bias of one": (["--bias", "1"], "bias"),
    "bias is NaN": (["--bias", "nan"], "bias"),
    "an unknown activation": (["--activation", "swish"], "swish"),
    "scale of zero": (["--scale", "0"], "scale"),
}
WRONG_TARGET = {
    "epsilon of zero": (["--epsilon", "0"], "epsilon"),
    "negative epsilon": (["--epsilon", "-1"], "epsilon"),
    "epsilon is NaN": (["--epsilon", "nan"], "epsilon"),
    "epsilon is no number": (["--epsilon", "tiny"], "tiny"),
    "epsilon that the zero network has": (["--epsilon", "1"], "f = 0"),
    "ReLU": (["--activation", "relu"], "relu"),
    "logistic loss": (["--loss", "logistic"], "logistic"),
    "squared hinge loss": (["--loss", "squared_hinge"], "squared_hinge"),
    "an unknown loss": (["--loss", "mse"], "mse"),
    "share of one": (["--share", "1"], "share"),
    "kappa of a loss that has none": (["--huber-kappa", "2"], "kappa"),
    "negative kappa": (["--loss", "huber", "--huber-kappa", "-1"], "kappa"),
}
WRONG_RUN = {
    "a folder that is not a run": (["--out", "photos"], "photos"),
    "a file": (["--out", "nan.npz"], "nan.npz"),
    "a finished run": (["--out", "finished"], "finished"),
    "an unfinished run of something else": (["--out", "other"], "other"),
    "a negative network seed": (["--network-seed", "-1"], "network_seed"),
    "no width at all": (["--max-width", "0"], "max_width"),
    "an unknown theorem": (["--theorem", "E99"], "E99"),
    "a scaling law": (["--theorem", "P1"], "P1"),
    "a theorem with another ball": (["--theorem", "E10"], "E10"),
    "a margin that is not free": (["--loss-margin", "auto"], "auto"),
    "a margin above one": (["--loss-margin", "2"], "margin is 2"),
    "no iterations at all": (["--max-iterations", "0"], "max_iterations"),
}
# Whole calls of the other commands; of a name that nobody knows the nearest one is told.
WRONG_CALLS = {
    "a command": (["raduis"], "did you mean 'radius'"),
    "an option": (["width", "--lossmargin", "1"], "--loss-margin"),
    "one argument too many": (["doctor", "now"], "now"),
    "an activation": (["radius", *DIGITS, "--activation", "ref"], "did you mean 'erf'?"),
    "a loss": (["width", "--epsilon", "1/2", "--radius", "3", "--loss", "hing"], "did you mean 'hinge'?"),
    "a theorem": (["width", "--epsilon", "1/2", "--radius", "3", "--theorem", "e3"], "did you mean 'E3'?"),
    "a target": (["width", "--epsilon", "1/2", "--radius", "3", "--target", "robust_error"], "'robust-error'?"),
    "a quantity": (["width", "--solve-for", "eps"], "did you mean 'epsilon'?"),
    "bundled data": (["radius", "--data", "digit"], "did you mean 'digits'?"),
    "a number beyond all reason": (["width", "--epsilon", "1e-400", "--radius", "3"], "between 1e-300 and 1e300"),
    "division by zero": (["width", "--epsilon", "1/0", "--radius", "3"], "'1/0'"),
    "a folder in place of data": (["radius", "--data", "folder.npz"], "found a folder"),
    "text in place of an archive": (["radius", "--data", "text.npz"], "it is no zip archive"),
    "three classes": (["radius", "--data", "three.csv"], "labels are 1, 2, 3"),
    "no column label": (["radius", "--data", "unlabelled.csv"], "0 columns of the header are called 'label'"),
    "an empty label": (["radius", "--data", "blank.csv"], "row 3: the label is empty"),
    "an infinite feature": (["radius", "--data", "infinite.csv"], "row 2, column 'a': 'inf'"),
    "a wrong shape": (["radius", "--data", "flat.npz"], "X has shape (4,)"),
    "kernel: no folder": (["kernel", *DIGITS, "--out", "nowhere/gram.npy"], "nowhere"),
    "kernel: a suffix": (["kernel", *DIGITS, "--out", "gram.txt"], "gram.txt"),
    "kernel: a file that is there": (["kernel", *DIGITS, "--out", "gram.npy"], "gram.npy"),
    "kernel: a folder of something else": (["kernel", *DIGITS, "--out", "photos.zarr"], "photos.zarr"),
    "kernel: a file in place of a folder": (["kernel", *DIGITS, "--out", "file.zarr"], "file.zarr"),
    "kernel: depth": (["kernel", *DIGITS, "--depth", "0"], "depth is 0"),
    "kernel: layers": (["kernel", *DIGITS, "--trained", "middle"], "middle"),
    "kernel: dtype": (["kernel", *DIGITS, "--dtype", "float16"], "float16"),
    "kernel: variance": (["kernel", *DIGITS, "--weight-variance", "-1"], "-1"),
    "kernel: width": (["kernel", *DIGITS, "--width", "5"], "width is 5"),
    "kernel: block": (["kernel", *DIGITS, "--block", "4"], "--block"),
    "kernel: an address": (["kernel", *DIGITS, "--out", "a.zarr", "--scheduler", "nowhere"], "'nowhere'"),
    "capacity: samples": (["capacity", "--samples", "0", "--dim", "3"], "samples is 0"),
    "capacity: no dimension": (["capacity", "--samples", "3"], "--dim"),
    "capacity: half a sample": (["capacity", "--samples", "3.5", "--dim", "2"], "'3.5', expected a whole number"),
    "capacity: delta": (["capacity", "--samples", "3", "--dim", "2", "--delta", "nan"], "delta is 'nan'"),
    "check: a claim": (["check", "--claim", "E1.a/bal"], "did you mean 'E1.a/ball'?"),
    "check: no examples": (["check", "--examples", "0"], "examples is 0"),
    "prove: a theorem": (["prove", "--theorem", "loses"], "did you mean 'losses'?"),
    "prove: a scaling law": (["prove", "--theorem", "P1"], "P1 is a scaling law"),
    "prove: no process": (["prove", "--theorem", "losses", "--processes", "0"], "processes is 0"),
    "sweep: an odd width": (["sweep", "--out", "s", "--widths", "3"], "widths has 3"),
    "sweep: a width that is no number": (["sweep", "--out", "s", "--widths", "8,b"], "--widths has 'b'"),
    "sweep: nothing between commas": (["sweep", "--out", "s", "--radii", "1,,2"], "--radii"),
    "sweep: a measure": (["sweep", "--out", "s", "--measure", "kernal"], "did you mean 'kernel'?"),
    "sweep: epsilon": (["sweep", "--out", "s", "--epsilons", "2"], "epsilon is 2"),
    "sweep: delta": (["sweep", "--out", "s", "--deltas", "nan"], "--deltas is 'nan'"),
    "sweep: no seeds": (["sweep", "--out", "s", "--seeds", "0"], "--seeds is 0"),
    "sweep: a file": (["sweep", "--measure", "kernel", "--out", "nan.npz"], "nan.npz"),
    "sweep: a folder of something else": (["sweep", "--measure", "kernel", "--out", "photos"], "photos"),
    "overshoot: no seeds": (["overshoot", *DIGITS, "--epsilon", "1/2", "--seeds", "0"], "--seeds is 0"),
    "overshoot: a theorem": (["overshoot", *DIGITS, "--epsilon", "1/2", "--theorem", "E99"], "E99"),
    "overshoot: a file": (["overshoot", *DIGITS, "--epsilon", "1/2", "--out", "nan.npz"], "nan.npz"),
    "verify: an adversary": (["verify", *DIGITS, "--epsilon", "1/2", "--out", "run", "--adversary", "pgb"], "'pgd'?"),
    "verify: no folder": (["verify", *DIGITS, "--epsilon", "1/2"], "--out"),
    "verify: a folder under a file": (["verify", *DIGITS, "--epsilon", "0.9", "--out", "nan.npz/run"], "nan.npz"),
    "verify: a negative band": (["verify", *DIGITS, "--epsilon", "1/2", "--out", "r", "--band-runs", "-1"], "-1"),
}
CASES = [
    *((command, *case) for command in COMMANDS for case in WRONG_DATA.items()),
    *((command, *case) for command in ("width", "verify") for case in WRONG_TARGET.items()),
    *(("verify", *case) for case in WRONG_RUN.items()),
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with bad data and with folders that no run may touch."""
    monkeypatch.chdir(tmp_path)
    points, labels = np.eye(4), np.array([1, -1, 1, -1])
    broken = points.copy()
    broken[2, 1] = np.nan
    close = points.copy()
    close[2] = close[1] + 0.01 * close[0]
    np.savez("nan.npz", X=broken, y=labels)
    np.savez("labels.npz", X=points, y=[0, 1, 0, 1])
    np.savez("close.npz", X=close, y=labels)
    np.savez("unlabelled.npz", X=points)
    np.savez("whole.npz", X=points, y=labels)
    np.savez("flat.npz", X=points[0], y=labels)
    np.save("gram.npy", points)
    for name, content in (
        ("text.npz", "text"),
        ("file.zarr", ""),
        ("three.csv", "a,label\n1,1\n2,2\n3,3\n"),
        ("unlabelled.csv", "a,b\n1,2\n"),
        ("blank.csv", "a,label\n1,1\n2,\n"),
        ("infinite.csv", "a,label\ninf,1\n2,-1\n"),
    ):
        Path(name).write_text(content)
    Path("folder.npz").mkdir()
    Path("cut.npz").write_bytes(Path("whole.npz").read_bytes()[:-60])
    for folder, name, content in (
        ("photos", "holiday.txt", "sun"),
        ("photos.zarr", "holiday.txt", "sun"),
        ("finished", "config.json", "{}"),
        ("finished", "result.json", "{}"),
        ("other", "config.json", json.dumps({"data": "wine"})),
    ):
        Path(folder).mkdir(exist_ok=True)
        Path(folder, name).write_text(content)
    return tmp_path


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def all_arguments(command: str, wrong: list[str]) -> list[str]:
    """A good call of the command with the wrong options put last; data from a file replace the digits."""
    return [*COMMANDS[command], *([] if wrong[0] == "--data" else DIGITS), *wrong]


def refuses(desk: Path, arguments: list[str], culprit: str) -> None:
    """Check all that a refusal promises."""
    before = contents(desk)
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1, result.stderr
    assert culprit in result.stderr
    assert contents(desk) == before


@pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("command", "name", "case"), [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in CASES]
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_bad_input_is_one_line_code_2_and_leaves_everything_as_it_was(
    desk: Path, command: str, name: str, case: tuple[list[str], str], form: str
) -> None:
    wrong, culprit = case
    refuses(desk, [*all_arguments(command, wrong), *(["--json"] if form == "json" else [])], culprit)


@pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", WRONG_CALLS)
def test_wrong_calls_are_refused_in_the_same_way(desk: Path, name: str) -> None:
    refuses(desk, *WRONG_CALLS[name])


@pytest.mark.parametrize("command", ["radius", "width"])
def test_the_same_call_without_the_culprit_is_accepted(desk: Path, command: str) -> None:
    for data in (DIGITS, ["--data", "whole.npz"]):
        assert RUNNER.invoke(app, [*COMMANDS[command], *data, "--json"]).exit_code == 0

"""The report of a run: one self-contained HTML page, made from its result and its figure alone."""

from __future__ import annotations

import platform
import re
import shlex
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from .typography import at_least, at_most, mathematics, number

Json = Mapping[str, Any]
_TEMPLATE = "report.html.j2"


def render_report(result: Json, figure_svg: str, waterfall_svg: str) -> str:
    """The page for one ``verify`` result.

    Args:
        result: the JSON object of ``robustntk verify``.
        figure_svg, waterfall_svg: the figures of `figure.draw` and `waterfall_figure.draw_waterfall` as SVG text.
    """
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        title="Adversarial training at the width that a theorem prescribes",
        subtitle=_subtitle(result),
        verdict=_verdict(result),
        result=result,
        statement=_sentences(result["plan"]["statement"]),
        figure=figure_svg[figure_svg.index("<svg") :],
        waterfall=_distinct(waterfall_svg[waterfall_svg.index("<svg") :]),
        waterfall_caption=_waterfall_caption(result),
        caption=_caption(result),
        tables=_tables(result),
        proved=_proved(result),
        measured=_measured(result),
        hypotheses=[
            {**row, "text": mathematics(row["text"]), "reason": mathematics(row["reason"] or "")}
            for row in result["plan"]["hypotheses"]
        ],
        anatomy=[_anatomy_row(row) for row in result["anatomy"]],
        command=reproduce_command(result["config"]),
        provenance=_provenance(result),
    )


def reproduce_command(config: Json) -> str:
    """The command line that makes this run again."""
    words = ["robustntk", "verify", "--data", str(config["data"])]
    if config["classes"] is not None:
        words += ["--classes", ",".join(config["classes"])]
    pixels = config["pixel_range"]
    options = {
        "--samples": config["samples"],
        "--delta": config["delta"],
        "--epsilon": config["epsilon"],
        "--activation": config["activation"],
        "--scale": config["scale"],
        "--loss": config["loss"],
        "--huber-kappa": config["huber_kappa"],
        "--loss-margin": config["loss_margin"],
        "--target": config["target"],
        "--theorem": config["theorem"],
        "--adversary": config["adversary"],
        "--band-runs": config["band_runs"],
        "--bias": "none" if config["bias"] is None else config["bias"],
        "--perturbation": config["perturbation"],
        "--pixel-range": pixels and ",".join(map(str, pixels)),
        "--share": config["share"],
        "--slack": config["slack"],
        "--max-width": config["max_width"],
        "--max-iterations": config["max_iterations"],
        "--seed": config["seed"],
        "--network-seed": config["network_seed"],
    }
    for name, value in options.items():
        if value is not None:
            words += [name, str(value)]
    words += [f"--{flag}" for flag in ("standardize", "full") if config[flag]]
    return shlex.join(words)


def _sentences(text: str) -> list[Markup]:
    return [mathematics(sentence) for sentence in re.split(r"(?<=\.)\s+(?=[A-Z])", text) if sentence]


def _subtitle(result: Json) -> str:
    config, radius = result["config"], result["radius"]
    classes = "" if config["classes"] is None else f", classes {config['classes'][0]} and {config['classes'][1]}"
    margin = result["plan"]["loss_margin"]
    return (
        f"{config['data']}{classes}, n = {radius['n']}, d = {radius['dim']}, {_perturbations(config)}, "
        f"target {config['target']} at most ε = {config['epsilon']}, activation "
        f"{radius['activation']}, {config['loss']} loss{'' if margin in (None, 1) else f' of margin {number(margin)}'}"
    )


def _perturbations(config: Json) -> str:
    if config["perturbation"] == "cap":
        return f"perturbations of chord δ = {config['delta']:g}"
    limits = "" if config["pixel_range"] is None else ", valid values from {:g} to {:g}".format(*config["pixel_range"])
    return f"{config['perturbation']} balls of radius {config['delta']:g} around the features{limits}"


def _of_errors(result: Json) -> bool:
    return bool(result["plan"]["target"] == "robust-error")


def _measured_target(result: Json) -> float:
    """The float64 value of the target at the best iterate."""
    return float(result["empirical"]["best_error" if _of_errors(result) else "best_surrogate_loss"])


def _target(result: Json) -> str:
    return "fraction of points that A misclassifies" if _of_errors(result) else "surrogate loss"


def _verdict(result: Json) -> str:
    empirical, plan = result["empirical"], result["plan"]
    if not result["holds"]:
        broken = [row["step"] for row in result["anatomy"] if not row["slack"] >= 0]
        return "broken: " + ("; ".join(broken) if broken else "a hypothesis is still open")
    return (
        f"theorem {plan['theorem']} guarantees a {_target(result)} of at most {number(plan['epsilon'])} within "
        f"{number(plan['iterations'])} steps at width {number(plan['width'])}; this network reached "
        f"{number(_measured_target(result))} at step {number(empirical['reached_at'])}."
    )


def _caption(result: Json) -> str:
    empirical, predicted = result["empirical"], result["predicted"]
    ending = (
        "Training stopped at the first step that met ε in float64."
        if empirical["stopped"] == "target reached"
        else "All T steps were run."
    )
    return (
        f"Left: the {_target(result)} by step: what {result['plan']['theorem']} promises had training been stopped "
        "there, the infinite-width prediction (no network involved), and the measured curve. The largest distance of "
        f"the last two, as surrogate losses, is {number(predicted['max_deviation'])}{_inside(predicted)}. {ending} "
        "Right: the worst margin of each training point on its perturbation set lies between the two marks."
    )


def _inside(predicted: Json) -> str:
    """Where the measured curve lies, and what the band means."""
    band = predicted["band"]
    if band is None:
        return " (no band was drawn)"
    coverage = f"{band['runs']}/{band['runs'] + 1}"
    source = (
        f"carried over from width {number(band['width'])} as 1/√m, an extrapolation" if band["extrapolated"] else ""
    )
    return (
        f", {predicted['inside_band']} the band of {number(band['bound'])} in which a network of another seed "
        f"stays over {number(band['steps'])} steps with probability {coverage} (the largest deviation of "
        f"{band['runs']} networks{f', {source}' if source else ''})"
    )


def _waterfall_caption(result: Json) -> str:
    stages = result["waterfall"]["stages"]
    return (
        f"From the bound that {result['plan']['theorem']} guarantees ({number(stages[0]['value'])}) to the best "
        f"iterate ({number(stages[-1]['value'])}): the estimates of the proof, one after the other, replaced by what "
        "they estimate. Blue: levels that were guaranteed or measured. Yellow: what an estimate gives away. Red, "
        "hatched: what the bound does not know of, such as stopping early."
    )


def _distinct(svg: str) -> str:
    """The same picture with ids of its own, so that two fit on one page."""
    names = sorted(set(re.findall(r'\bid="([^"]+)"', svg)), key=len, reverse=True)
    for name in names:
        svg = re.sub(rf'(id="|"#|url\(#){re.escape(name)}(?=["\)])', rf"\1w-{name}", svg)
    return svg


def _tables(result: Json) -> list[dict[str, Any]]:
    plan, empirical, predicted, radius = (result[key] for key in ("plan", "empirical", "predicted", "radius"))
    interval, comparator = radius["radius"], result["comparator"]
    return [
        {
            "title": "The plan",
            "rows": [
                ("width m", number(plan["width"])),
                ("step size α", number(plan["step_size"])),
                ("iterations T", number(plan["iterations"])),
                ("radius R", number(plan["radius"])),
                ("gradient bound G", number(plan["gradient_bound"])),
                ("near-linearity term", number(plan["terms"]["linearization"])),
                ("regret term", number(plan["terms"]["regret"])),
                ("theorem", plan["theorem"]),
                ("networks drawn", number(comparator["draws"])),
            ],
        },
        {
            "title": "Training",
            "rows": [
                (f"guaranteed {_target(result)}", f"≤ {at_most(predicted['guarantee'])}"),
                ("measured, best", number(_measured_target(result))),
                ("reached at step", number(empirical["reached_at"])),
                ("surrogate loss there", number(empirical["best_surrogate_loss"])),
                ("infinite width, last step", number(predicted["infinite_width_final"])),
                ("largest deviation from infinite width", number(predicted["max_deviation"])),
                ("place in the band of other seeds", predicted["inside_band"]),
            ],
        },
        _robust_table(result),
        {
            "title": "The best iterate",
            "rows": [
                ("robust loss, attacked (lower bound)", at_least(empirical["attacked_robust_loss"])),
                ("robust loss, certified (upper bound)", at_most(empirical["certified_robust_loss"])),
                ("points that an attack gets wrong", _count(result, "attacked_robust_error")),
                ("points not certified to be right", _count(result, "certified_robust_error")),
                *((f"points certified best by: {name}", number(wins)) for name, wins in _winners(empirical)),
            ],
        },
        {
            "title": "Radius",
            "rows": [
                ("infinite width", f"[{at_least(interval['lower'])}, {at_most(interval['upper'])}]"),
                ("certified margin, infinite width", at_least(radius["certified_margin"])),
                ("comparator at the drawn W₀", number(comparator["radius"])),
                ("its certified robust loss s", number(comparator["robust_loss"])),
                ("its certified margin μ", at_least(comparator["margin"])),
                ("its longest move ρ", at_most(comparator["row_radius"])),
            ],
        },
    ]


def _winners(empirical: Json) -> list[tuple[str, int]]:
    """Certificates that gave the best margin of some point."""
    return [(name, wins) for name, wins in empirical["certificate_methods"].items() if wins]


def _count(result: Json, name: str) -> str:
    """A robust error as what it is, a number of points."""
    points = result["radius"]["n"]
    return f"{round(result['empirical'][name] * points)} of {points}"


def _robust_table(result: Json) -> dict[str, Any]:
    robust = result["predicted"]["robust"]
    rows = [
        (f"step {number(step)}", f"{number(measured)} | {number(limit)}")
        for step, measured, limit in zip(robust["steps"], robust["measured"], robust["infinite_width"], strict=True)
    ]
    strongest = f"{number(robust['measured_at_best'])} | {_or_dash(robust['infinite_width_at_best'])}"
    return {
        "title": f"Attacked robust loss: this network | infinite width ({robust['attack']})",
        "rows": [*rows, (f"step {number(robust['best_step'])}, strongest attack", strongest)],
    }


def _or_dash(value: float | None) -> str:
    return "–" if value is None else number(value)


def _proved(result: Json) -> list[str]:
    plan, empirical, comparator = result["plan"], result["empirical"], result["comparator"]
    interval = result["radius"]["radius"]
    return [
        f"Some W* within {at_most(plan['radius'])} of this W₀ has robust loss at most "
        f"{at_most(comparator['robust_loss'])} and margins of at least {at_least(comparator['margin'])} (certified at "
        "the drawn network, remainder and rounding included).",
        f"‖W₀‖ ≤ {at_most(comparator['operator_norm'])} for the drawn weights, hence "
        f"G = {at_most(plan['gradient_bound'])} without any probability.",
        f"In exact arithmetic, T = {number(plan['iterations'])} steps of size {number(plan['step_size'])} reach a "
        f"{_target(result)} of at most {at_most(result['predicted']['guarantee'])}, whatever the adversary A.",
        f"The robust loss of the best iterate is at most {at_most(empirical['certified_robust_loss'])}; on at most "
        f"the fraction {at_most(empirical['certified_robust_error'])} of the perturbation sets it is wrong anywhere.",
        f"The infinite-width radius lies in [{at_least(interval['lower'])}, {at_most(interval['upper'])}].",
    ]


def _measured(result: Json) -> list[str]:
    empirical = result["empirical"]
    return [
        f"The training curve: steps ran in {result['plan']['dtype']}; the best iterate was evaluated again in float64.",
        f"The attacked robust loss {number(empirical['attacked_robust_loss'])}: a lower bound that an attack found, "
        "not the robust loss.",
        "The infinite-width curve: a limit, evaluated in float64, without an error bound at this width.",
        "The deviation between the two curves.",
    ]


def _anatomy_row(row: Json) -> dict[str, Any]:
    shown = {name: number(row[name]) for name in ("lhs", "rhs", "slack")}
    return {"step": mathematics(row["step"]), "kept": row["slack"] >= 0, **shown}


def _provenance(result: Json) -> str:
    from importlib.metadata import version

    packages = ", ".join(f"{name} {version(name)}" for name in ("robustntk", "numpy", "jax"))
    return f"{packages}, Python {platform.python_version()}; {result['seconds']:.0f} seconds."

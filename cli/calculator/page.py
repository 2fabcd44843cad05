# /// script
# [tool.marimo.display]
# theme = "system"
# ///
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""The page of the calculator: fields, and what follows from them. All work is done in the modules beside this one."""

import marimo

app = marimo.App(width="full", app_title="robustntk: how wide, how long?", css_file="page.css")


@app.cell
def setup():
    import marimo as mo

    from robustntk.cli.calculator import answer, curves, fields, figures, prediction, question, view

    return answer, curves, fields, figures, mo, prediction, question, view


@app.cell
def header(mo):
    mo.Html(
        "<header><h1>How wide, how long?</h1><p>The width, step size and number of steps at which a theorem guarantees "
        "that adversarial training of a two-layer network succeeds.</p></header>"
    )
    return


@app.cell
def tools(mo):
    # Not mo.ui.dictionary: of two changes that come at once to one of these the first gets lost.
    typed, set_typed = mo.state({})

    def element(group, field):
        def remember(value):
            set_typed(lambda before: {**before, (group, field.name): value})

        common = {"label": field.label, "on_change": remember}
        if field.choices is not None:
            chosen = next(label for label, value in field.choices.items() if value == field.value)
            return mo.ui.dropdown(dict(field.choices), chosen, full_width=True, **common)
        if isinstance(field.value, bool):
            return mo.ui.checkbox(field.value, **common)
        return mo.ui.text(field.value, placeholder=field.hint, debounce=400, full_width=True, **common)

    def watch(spinner):
        def report(stage, done, total=None):
            spinner.update(subtitle=stage if total is None else f"{stage} ({done:,} of {total:,})")

        return report

    return element, typed, watch


@app.cell
def lasting_elements(element, fields, mo):
    start = mo.ui.radio({"a radius": "radius", "data": "data"}, "a radius", inline=True, label="Start from")
    source = mo.ui.dropdown(list(fields.DATASETS), "digits", label="Data", full_width=True)
    groups = fields.groups()
    elements = {group: [element(group, field) for field in members] for group, members in groups.items()}
    run = mo.ui.run_button(label="Predict training at infinite width")
    return elements, groups, run, source, start


@app.cell
def inputs(elements, mo, source, start):
    of_data = start.value == "data"
    own = [source, *elements[source.value]] if of_data else elements["radius"]
    epsilon, *others = elements[f"shared, {start.value}"]
    more = mo.accordion({"More options": mo.vstack(elements[f"more, {start.value}"])})
    mo.vstack([mo.vstack([start]), epsilon, *own, *others, more])
    return (of_data,)


@app.cell
def ask(groups, of_data, question, source, start, typed):
    asked = {"data": source.value} if of_data else {}
    for group in (source.value if of_data else "radius", f"shared, {start.value}", f"more, {start.value}"):
        asked |= {field.name: typed().get((group, field.name), field.value) for field in groups[group]}
    arguments = question.arguments(asked)
    return (arguments,)


@app.cell
def plan(answer, arguments, mo, of_data, view, watch):
    if of_data:
        with mo.status.spinner("Bracketing R, drawing networks …") as bracketing:
            found = answer.answer(arguments, watch(bracketing))
    else:
        found = answer.answer(arguments)
    mo.Html(view.headline_html(arguments, found))
    return (found,)


@app.cell
def widths(arguments, curves, figures, found, mo, question, view, watch):
    mo.stop(found.plan is None)
    with mo.status.spinner("Width against ε …") as drawing:
        lines = curves.width_curves(arguments, found.plan, watch(drawing))
        picture = figures.draw_widths(lines, found.plan, question.options_of(arguments)["epsilon"])
    mo.Html(view.figure_html(picture, figures.caption(lines, found.plan)))
    return


@app.cell
def details(found, mo, view):
    mo.stop(found.plan is None)
    mo.Html(view.details_html(found.plan))
    return


@app.cell
def infinite_width(found, mo, of_data, run):
    mo.stop(found.plan is None)
    hint = "Start from data to see what infinitely wide networks do under the plan."
    run if of_data else mo.Html(f'<p class="quiet">{hint}</p>')
    return


@app.cell
def predicted(arguments, figures, found, mo, of_data, prediction, run, view, watch):
    mo.stop(not (of_data and run.value) or found.plan is None)
    with mo.status.spinner("Training at infinite width …") as training:
        curve = prediction.infinite_width_curve(arguments, found.plan, watch(training))
    shape = figures.draw_prediction(curve)
    mo.Html(view.figure_html(shape, shape.description))
    return


@app.cell
def laws(mo, view):
    mo.Html(view.laws_html())
    return


if __name__ == "__main__":
    app.run()

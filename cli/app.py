"""The ``robustntk`` command: its subcommands, ``--version`` and the entry point."""

from typing import Annotated

import typer

from . import capacity, check, doctor, kernel, overshoot, prove, radius, serve, sweep, verify, width
from .application import Application, Command, help_text

app = typer.Typer(
    name="robustntk",
    cls=Application,
    help="Explicit convergence guarantees for adversarial training: computed, run and compared.",
    invoke_without_command=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def print_version(asked: bool) -> None:
    """Print the installed version and leave, when ``--version`` was given."""
    if asked:
        from importlib.metadata import version

        print(f"robustntk {version('robustntk')}")
        raise typer.Exit


@app.callback(epilog=f"Example:\n\n{width.EXAMPLES[0]}")
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Explicit convergence guarantees for adversarial training: computed, run and compared."""
    if context.invoked_subcommand is None:
        print(context.get_help())


for command in (verify, width, radius, overshoot, sweep, kernel, prove, check, capacity, serve, doctor):
    heading = "Example:" if len(command.EXAMPLES) == 1 else "Examples:"
    # Typer starts a new line in an epilog only at an empty one.
    epilog = "\n\n".join((heading, *command.EXAMPLES))
    name, documentation = command.__name__.rpartition(".")[2], help_text(command.run.__doc__)
    app.command(name=name, cls=Command, help=documentation, epilog=epilog)(command.run)


def main() -> None:
    """Entry point: exit 0 only when what was asked holds, 1 when it does not, 2 for bad input."""
    app(prog_name="robustntk")

"""The program `commonspace`: its commands, and how errors reach the user."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Annotated

import typer

import commonspace as cs

from .bench import bench
from .demo import demo
from .doctor import doctor
from .encode import encode
from .evaluate import evaluate
from .fit import fit
from .index import index
from .reason import reason
from .scale import scale
from .search import search
from .serve import serve
from .spaces import spaces
from .timeline import timeline

app = typer.Typer(
    name="commonspace",
    help="Learn one space in which photos, text, sound, tables and dates can be compared, measured and searched.",
    epilog="Start with: commonspace demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: importing rich would double the time it takes
    pretty_exceptions_enable=False,
)
for command in (demo, spaces, doctor, encode, fit, evaluate, bench, index, search, serve):
    app.command()(command)
app.add_typer(timeline, name="timeline")
app.add_typer(reason, name="reason")
app.add_typer(scale, name="scale")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(cs.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done, with times, to stderr.")] = False,
) -> None:
    """What every command takes."""
    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("commonspace").setLevel(logging.INFO if verbose else logging.WARNING)
    warnings.filterwarnings("ignore", message="Image size .* exceeds limit")  # Pillow's, of pictures that are read


def main() -> None:
    """Runs the program; the user's mistakes end with one line and exit code 2."""
    try:
        app()
    except cs.errors.CommonspaceError as error:
        typer.echo(f"commonspace: {error}", err=True)
        sys.exit(2)
    except OSError as error:  # a path that cannot be reached, a full disk: the system's reason says it
        typer.echo(f"commonspace: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("commonspace: stopped.", err=True)
        sys.exit(130)

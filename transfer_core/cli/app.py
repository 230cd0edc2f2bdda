"""`thaw app`: the app, from wherever Thaw is installed."""

import contextlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click

from transfer_core.cli.output import say
from transfer_core.errors import ConfigError

__all__ = ["app", "app_path", "run_streamlit"]


def app_path() -> Path:
    """app.py: beside the package in a checkout, inside it in an installation."""
    package = Path(__file__).parents[1]
    for path in (package / "_app" / "app.py", package.parent / "app.py"):
        if path.is_file():
            return path
    raise ConfigError(
        "This installation of Thaw lacks its app ({package}). Install it again: pip install thaw.",
        package=package / "_app",
    )


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=None, help="Port to listen on (default: 8501 or the next free)."
)
@click.option("--headless", is_flag=True, help="Do not open a browser window.")
def app(port: int | None, headless: bool) -> None:
    """Open the app in the browser. It listens on this machine only; Ctrl+C ends it, runs in progress go on."""
    command = [sys.executable, "-m", "streamlit", "run", str(app_path())]
    if port is not None:
        command += ["--server.port", str(port)]
    if headless:
        command += ["--server.headless", "true"]
    say(f"Starting {app_path()} ...")
    run_streamlit(command)


def run_streamlit(command: list[str]) -> NoReturn:
    """Become the server that `command` starts, until it ends.

    Raises:
        ConfigError: Streamlit is not installed.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise ConfigError("The app needs Streamlit, which is not installed here. Run: pip install streamlit")
    with contextlib.suppress(OSError):  # Streamlit warns where it is missing, and draws without it
        (app_path().parent / "static").mkdir(exist_ok=True)
    if os.name == "posix":
        # In this process's place: whoever ends `thaw app` ends the server, and none is left behind on its port.
        sys.stdout.flush()
        os.execv(command[0], command)
    try:
        code = subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        code = 0
    sys.exit(code)

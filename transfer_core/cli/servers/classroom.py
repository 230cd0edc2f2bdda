"""`thaw classroom`: the app for a room of people, each with a code and a workspace of their own."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from transfer_core.classroom.addresses import hosts, own_addresses
from transfer_core.classroom.limits import ClassLimits
from transfer_core.classroom.room import MOST_SEATS, Room, room_folder
from transfer_core.classroom.sheet import join_sheet
from transfer_core.classroom.staying import expire
from transfer_core.cli.app import app_path, run_streamlit
from transfer_core.cli.output import json_option, result, say
from transfer_core.disk.files import write_bytes
from transfer_core.disk.workspace import Workspace
from transfer_core.errors import ConfigError
from transfer_core.text import plural, t

__all__ = ["classroom"]


@click.command()
@click.option("--name", required=True, help="What the room is called; the same name again opens the same room.")
@click.option("--students", type=click.IntRange(1, MOST_SEATS), default=None, help="How many codes there are.")
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Port to listen on.")
@click.option("--address", default=None, help="The address or name that students type; found out where not given.")
@click.option("--cert", type=click.Path(path_type=Path), default=None, help="A certificate (PEM), for https.")
@click.option("--key", type=click.Path(path_type=Path), default=None, help="The certificate's private key (PEM).")
@json_option
def classroom(
    name: str,
    students: int | None,
    port: int,
    address: str | None,
    cert: Path | None,
    key: Path | None,
    as_json: bool,
) -> None:
    """Open the app to a room of people: each comes in by a code and has a workspace that no other sees.

    Prints the teacher's code and writes a sheet with everybody's to print. Ctrl+C ends it; the same command goes on.

    For example: thaw classroom --name "Class 7b" --students 30
    """
    _check_certificate(cert, key)
    folder = room_folder(Workspace.from_environment(), name)
    room = _room(folder, name, students)
    if gone := expire(room, time.time()):
        days = room.limits.keep_days
        said = plural(
            "What {n} person made was deleted: they were not here for {days} days.",
            "What {n} people made was deleted: they were not here for {days} days.",
            len(gone),
            days=days,
        )
        say(t(said))
    address = address or next(iter(own_addresses()), "localhost")
    url = f"http{'s' if cert else ''}://{address}:{port}"
    sheet = folder / "codes.html"
    write_bytes(sheet, join_sheet(room, url).encode())
    value = {
        "name": room.name,
        "url": url,
        "teacher": room.seats[0].code,
        "codes": {str(seat.number): seat.code for seat in room.seats[1:]},
        "sheet": str(sheet),
    }
    result(value, as_json, _words)
    if cert is None:
        say(
            t(
                "Browsers give no camera to a page that comes over plain http from another computer. For the camera, "
                "start with --cert and --key."
            )
        )
    _serve(room, port, address, cert, key)


def _room(folder: Path, name: str, students: int | None) -> Room:
    if not Room.is_one(folder):
        if students is None:
            raise ConfigError("There is no room {name!r} yet. Say for how many: --students 30.", name=name)
        return Room.make(folder, name, students, ClassLimits())
    room = Room.read(folder)
    if students is not None:
        room.grow(students)
    return room


def _check_certificate(cert: Path | None, key: Path | None) -> None:
    if (cert is None) != (key is None):
        raise ConfigError("For https both are needed: --cert CERTIFICATE.pem and --key KEY.pem.")
    for path in (cert, key):
        if path is not None and not path.is_file():
            raise ConfigError("There is no file {path}.", path=path)


def _serve(room: Room, port: int, address: str, cert: Path | None, key: Path | None) -> None:
    root, names = app_path().parent, hosts(address)
    options: dict[str, Any] = {
        "address": "0.0.0.0",
        "port": port,
        "headless": "true",
        "maxUploadSize": room.limits.upload_mb,
    }
    if cert and key:
        options |= {"sslCertFile": cert.absolute(), "sslKeyFile": key.absolute()}
    os.environ |= {
        "THAW_HOME": str(room.folder),
        "THAW_CLASSROOM": str(room.folder),
        "THAW_CLASSROOM_HOSTS": ",".join(names),
        "PYTHONPATH": os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    os.chdir(root)  # where its settings lie
    command = [sys.executable, "-m", "streamlit", "run", str(root / "pages" / "classroom" / "server.py")]
    for option, value in options.items():
        command += [f"--server.{option}", str(value)]
    for one in names:
        command += ["--server.allowedHosts", one]
    command += ["--browser.serverAddress", address]  # else it asks a server on the internet for this machine's
    run_streamlit(command)


def _words(value: dict[str, Any]) -> str:
    return t(
        "{name} is open at {url}\n\nYour own code, as the teacher: {teacher}\nThe sheet with the others' codes, to "
        "print: {sheet}",
        name=value["name"],
        url=value["url"],
        teacher=value["teacher"],
        sheet=value["sheet"],
    )

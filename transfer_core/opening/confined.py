"""Takes rights from this very process before it reads what somebody brought: it writes one folder, and reaches nobody.

Two walls. Python itself asks `_Wall` before it opens a file to write, starts a program or connects, on every system.
On Linux 5.13 and later the kernel refuses as well (Landlock), so that libraries which are not Python can't either.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path
from typing import Any

__all__ = ["confine"]

# include/uapi/linux/landlock.h: rights by the version that brought them.
_WRITE_FILES = (1 << 1) | sum(1 << bit for bit in range(4, 13))  # write, remove, and make files of every kind
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_CONNECT = 0b11
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the numbers of the system calls, the same on every processor
_PATH_BENEATH, _VERSION_FLAG, _NO_NEW_PRIVILEGES = 1, 1, 38


def confine(folder: Path) -> bool:
    """From here on this process, and any that it starts, writes below `folder` alone and connects to nobody.

    Returns:
        Whether the kernel sees to it, too.
    """
    guarded = sys.platform == "linux" and _landlock(folder)
    sys.addaudithook(_Wall(folder))
    return guarded


class _Wall:
    """Refuses what Python is about to do (PEP 578). It can't be taken down again."""

    def __init__(self, folder: Path) -> None:
        self._folder = f"{folder.resolve()}{os.sep}"
        self._null = os.devnull

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND) if flags else 0
            if (writes or (isinstance(mode, str) and set(mode) & set("wax+"))) and not isinstance(path, int):
                self._check(path)
        elif event in _CHANGES:
            for path in args[: _CHANGES[event]]:
                self._check(path)
        elif event.startswith(_NEVER):
            raise PermissionError(event)

    def _check(self, path: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        name = os.path.realpath(os.fsdecode(path))
        if not name.startswith(self._folder) and name != self._null:
            raise PermissionError(name)


_CHANGES = {
    "os.remove": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.truncate": 1,
    "os.utime": 1,
    "shutil.rmtree": 1,
}
"""Events by how many of their arguments are paths."""
_NEVER = (
    *("socket.connect", "socket.bind", "socket.sendto", "subprocess.Popen", "pty."),
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
)
"""How the names of events begin that are refused whatever they are about."""


def _landlock(folder: Path) -> bool:
    """Have the kernel refuse; False where it can't."""
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return False  # an older kernel, or one where it is turned off
    rights = _WRITE_FILES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    # A field more since version 4; the kernel goes by the length.
    handled = struct.pack("QQ", rights, _BIND_CONNECT) if version >= 4 else struct.pack("Q", rights)
    rules = system.syscall(_CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    try:
        for path, allowed in ((folder, rights), (Path(os.devnull), (1 << 1) | (rights & _TRUNCATE))):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", allowed, place)
                if system.syscall(_ADD, rules, _PATH_BENEATH, rule, 0) < 0:
                    return False
            finally:
                os.close(place)
        no_new = system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(no_new == 0 and system.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)

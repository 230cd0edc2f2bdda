"""What a workspace holds is its owner's: no other account of the machine can read it."""

import logging
import os
import stat
from pathlib import Path

__all__ = ["keep_private"]

_log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private(root: Path) -> None:
    """Take every right in the folder `root` from other accounts, and let this process give them none from now on.

    Folders become 700 and files 600, those of earlier versions too. Called once as a process starts. On Windows the
    folder of a person's data is private already. What belongs to another account is left as it is, with a warning in
    the log: it may still be of use.
    """
    if os.name != "posix":
        return
    os.umask(_OTHERS)
    if not root.is_dir() or not root.stat().st_mode & _OTHERS:
        return  # what is made from now on is private by the mask; and where nobody comes in, the rest is too
    for folder, _, names in os.walk(root, topdown=False):  # the root last: a start that is cut off is made up for
        for path in (*(Path(folder, name) for name in names), Path(folder)):
            _close(path)


def _close(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except FileNotFoundError:
        pass  # another process is at work here
    except PermissionError as error:
        _log.warning("%s can be read by other accounts of this machine: %s", path, error.strerror)

"""The examination: every check in turn. A check that fails itself is a finding, and the others go on."""

from collections.abc import Callable, Iterator

from transfer_core.disk.workspace import Workspace
from transfer_core.doctor import computer, installation
from transfer_core.doctor.finding import Finding
from transfer_core.text import Sentence

__all__ = ["CHECKS", "examine"]

CHECKS: tuple[Callable[[Workspace], Finding], ...] = (
    installation.python,
    installation.packages,
    installation.tensorflow,
    installation.extras,
    computer.processor,
    computer.memory,
    computer.workspace,
    computer.disk,
    installation.weights,
    computer.network,
    computer.port,
    computer.camera,
)


def examine(workspace: Workspace) -> Iterator[Finding]:
    """Look at one thing after the other; each finding comes as soon as it is there, the whole takes seconds."""
    for check in CHECKS:
        try:
            yield check(workspace)
        except Exception as error:  # a doctor who faints helps nobody: what it was is told
            yield Finding(
                check.__name__,
                Sentence("{name}", name=check.__name__),
                "problem",
                Sentence("could not be looked at ({kind}: {error})", kind=type(error).__name__, error=str(error)),
                Sentence("This is a mistake of Thaw's: please report it."),
            )

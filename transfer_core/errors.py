"""Every refusal Thaw makes, under one root.

    TransferError            what came, what was expected, what to do
    |-- PhotoError           one file that can't be used as a photo
    |-- DataError            the photos as a whole: classes, counts, splits
    |-- ConfigError          a setting, a base, a layer or a command that does not fit
    |-- WeightsError         pretrained weights missing, damaged or out of reach
    |-- StorageError         a folder or disk that can't be read or written
    `-- RunError             a run that can't be started, read or continued

Pages and the command line catch only `TransferError`; anything else is a bug and shows as one.
"""

from transfer_core.text import Sentence

__all__ = [
    "ConfigError",
    "DataError",
    "PhotoError",
    "RunError",
    "StorageError",
    "TransferError",
    "WeightsError",
]


class TransferError(Exception):
    """A refusal a person can act on: one plain sentence that says what came, what was expected and what to do."""

    def __init__(self, said: str | Sentence, /, **values: object) -> None:
        """As `Sentence`: English with named places and the values for them, or a sentence made elsewhere."""
        self.sentence = said if isinstance(said, Sentence) else Sentence(said, **values)
        super().__init__(self.sentence)

    def __str__(self) -> str:
        """The sentence in the reader's language."""
        return str(self.sentence)


class PhotoError(TransferError):
    """One file can't be used as a photo."""


class DataError(TransferError):
    """The photos as a whole can't be used: classes, counts or splits."""


class ConfigError(TransferError):
    """A setting, base, layer or command does not fit."""


class WeightsError(TransferError):
    """Pretrained weights are missing, damaged or out of reach."""


class StorageError(TransferError):
    """A folder or disk can't be read or written."""


class RunError(TransferError):
    """A run can't be started, read or continued."""

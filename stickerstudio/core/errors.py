"""Every error the program can show, as a tree.

    StudioError                 what happened, why, what to do: three sentences for the user
    ├── UserSideError           something on the user's side; exit code 3
    │   ├── NotFoundError       a model, LoRA, sticker or file that is not there
    │   ├── BadInputError       a prompt, number or picture that cannot be used
    │   ├── BadFileError        a file that is broken, hostile or of the wrong kind
    │   │   ├── UnsafeFileError     a pickle: could run code when opened
    │   │   └── WrongModelError     a LoRA or checkpoint made for another architecture
    │   ├── DiskError           no space, no permission, a disk that fails
    │   ├── NetworkError        a download that could not be made or finished
    │   ├── LicenceError        a licence that has not been accepted
    │   └── MemoryShortError    the model does not fit, even in the smallest plan
    └── FaultError              our bug; exit code 4
        └── EngineCrashError    the engine process ended without being asked to

`Cancelled` is not an error and stands outside the tree.
"""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stickerstudio.core.i18n import tr


class Cancelled(Exception):  # noqa: N818 — the user's wish, not an error
    """The user stopped the job. Never shown as an error."""


class StudioError(Exception):
    """The root. `what` happened, `why`, and what `todo`, each a sentence in the user's language."""

    exit_code = 4

    def __init__(self, what: str, why: str = "", todo: str = "") -> None:
        super().__init__(what, why, todo)
        self.what = what
        self.why = why
        self.todo = todo

    def __str__(self) -> str:
        return " ".join(sentence for sentence in (self.what, self.why, self.todo) if sentence)


class UserSideError(StudioError):
    """Something the user can put right."""

    exit_code = 3


class NotFoundError(UserSideError):
    """A model, LoRA, sticker or file that is not there."""


class BadInputError(UserSideError):
    """A prompt, number or picture that cannot be used."""


class BadFileError(UserSideError):
    """A file that is broken, hostile or of the wrong kind."""


class UnsafeFileError(BadFileError):
    """A pickle, which could run code when opened."""


class WrongModelError(BadFileError):
    """A LoRA or checkpoint made for another architecture."""


class DiskError(UserSideError):
    """No space, no permission, or a disk that fails."""


class NetworkError(UserSideError):
    """A download that could not be made or finished."""


class LicenceError(UserSideError):
    """A licence that has not been accepted."""


class MemoryShortError(UserSideError):
    """The model does not fit into memory, even in the smallest plan."""


class FaultError(StudioError):
    """Our bug."""


class EngineCrashError(FaultError):
    """The engine process ended without being asked to."""


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """A StudioError as data, to cross from the engine process to the window."""

    kind: str
    what: str
    why: str
    todo: str
    details: str = ""  # a traceback, for a bug report

    @property
    def is_fault(self) -> bool:
        """Whether it is our bug rather than something the user can put right."""
        return issubclass(_CLASSES.get(self.kind, FaultError), FaultError)

    def to_error(self) -> StudioError:
        """The exception it was made from, or its nearest known ancestor."""
        return _CLASSES.get(self.kind, FaultError)(self.what, self.why, self.todo)


def report(error: BaseException, details: str = "") -> ErrorReport:
    """`error` as data; anything outside the tree becomes a FaultError that names it."""
    if not isinstance(error, StudioError):
        error = as_fault(error)
    return ErrorReport(type(error).__name__, error.what, error.why, error.todo, details)


def as_fault(error: BaseException) -> FaultError:
    """An exception nobody foresaw, worded for the user."""
    return FaultError(
        tr("Something went wrong inside Sticker Studio."),
        f"{type(error).__name__}: {error}",
        tr("Your stickers are safe. Please try again, and report this if it comes back."),
    )


@contextmanager
def disk_errors(path: Path) -> Generator[None]:
    """Turn an OSError raised while writing or reading `path` into a DiskError or NotFoundError."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(
            tr("{path} could not be opened.", path=path),
            tr("There is no such file or folder."),
            tr("Check that it has not been moved or renamed."),
        ) from error
    except PermissionError as error:
        raise DiskError(
            tr("{path} could not be used.", path=path),
            tr("Your account has no permission to read or write there."),
            tr("Choose another folder, or change the folder's permissions."),
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskError(
                tr("{path} could not be saved.", path=path),
                tr("The disk is full."),
                tr("Free some space or choose another disk. Nothing saved before was lost."),
            ) from error
        raise DiskError(
            tr("{path} could not be read or written.", path=path),
            tr("The system said: {reason}.", reason=error.strerror or error),
            tr("Check the disk, then try again."),
        ) from error


def _subclasses(root: type[StudioError]) -> Iterator[type[StudioError]]:
    yield root
    for child in root.__subclasses__():
        yield from _subclasses(child)


_CLASSES: dict[str, type[StudioError]] = {cls.__name__: cls for cls in _subclasses(StudioError)}

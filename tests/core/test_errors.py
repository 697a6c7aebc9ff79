"""Errors are sentences, and say whose fault it is."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest

from stickerstudio.core import errors
from stickerstudio.core.errors import (
    BadFileError,
    Cancelled,
    DiskError,
    ErrorReport,
    FaultError,
    NotFoundError,
    StudioError,
    UserSideError,
    disk_errors,
    report,
)


def _tree(root: type[StudioError]) -> list[type[StudioError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


CLASSES = _tree(StudioError)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_survives_the_way_to_the_window(kind: type[StudioError]) -> None:
    error = kind("水獺 fell.", "It was pushed.", "Pick it up.")

    sent = pickle.loads(pickle.dumps(report(error, details="trace")))
    back = sent.to_error()

    assert type(back) is kind
    assert (back.what, back.why, back.todo) == ("水獺 fell.", "It was pushed.", "Pick it up.")
    assert str(back) == "水獺 fell. It was pushed. Pick it up."
    assert sent.details == "trace"
    assert sent.is_fault == issubclass(kind, FaultError) or kind is StudioError


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_exit_codes_tell_the_users_side_from_ours(kind: type[StudioError]) -> None:
    assert kind("x").exit_code == (3 if issubclass(kind, UserSideError) else 4)
    copy = pickle.loads(pickle.dumps(kind("x", "y", "z")))
    assert (type(copy), copy.args) == (kind, ("x", "y", "z"))


def test_a_report_of_a_class_unknown_here_is_a_fault() -> None:
    sent = ErrorReport("ErrorOfTomorrow", "What.", "Why.", "Do.")

    assert sent.is_fault
    assert type(sent.to_error()) is FaultError


def test_an_exception_nobody_foresaw_is_our_fault_and_named() -> None:
    sent = report(ZeroDivisionError("by zero"))

    assert sent.kind == "FaultError"
    assert sent.why == "ZeroDivisionError: by zero"
    assert sent.is_fault


def test_the_users_wish_to_stop_is_no_error() -> None:
    assert not issubclass(Cancelled, StudioError)


def test_missing_sentences_leave_no_gaps() -> None:
    assert str(StudioError("What.", "", "Do.")) == "What. Do."


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), NotFoundError, "no such file"),
        (PermissionError(errno.EACCES, "x"), DiskError, "no permission"),
        (OSError(errno.EROFS, "Read-only file system"), DiskError, "Read-only file system"),
        (OSError(errno.ENOSPC, "x"), DiskError, "The disk is full"),
        (OSError(errno.EDQUOT, "x"), DiskError, "The disk is full"),
        (OSError(errno.EIO, "Input/output error"), DiskError, "Input/output error"),
        (OSError("no number"), DiskError, "no number"),
    ],
)
def test_what_a_disk_does_is_said_in_sentences(
    error: OSError, kind: type[StudioError], says: str
) -> None:
    path = Path("somewhere") / "otter.png"
    with pytest.raises(kind, match=says) as caught, disk_errors(path):
        raise error

    assert str(path) in caught.value.what
    assert caught.value.__cause__ is error
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("error", [BadFileError("x"), ValueError("x"), Cancelled()])
def test_other_errors_pass_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, disk_errors(Path("x")):
        raise error
    assert caught.value is error


def test_the_table_of_classes_is_complete() -> None:
    assert set(errors._CLASSES.values()) == set(CLASSES)  # pyright: ignore[reportPrivateUsage]

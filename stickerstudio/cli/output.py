"""Where a command speaks: its result on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Generator, Mapping
from typing import Any, TextIO

from stickerstudio.core.errors import ErrorReport


class Output:
    """The streams of one command. A reader that went away (`| head`) is no error.

    Args:
        as_json: the result is one JSON object, in UTF-8 whatever the terminal speaks.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._stdout, self._stderr = sys.stdout, sys.stderr
        self._open_line = False  # a progress line waits to be overwritten
        self._last_progress = 0.0
        for stream in (self._stdout, self._stderr):
            # a terminal in Big5 or ASCII shows \u escapes for what it lacks, instead of a crash
            with contextlib.suppress(AttributeError, OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]

    @contextlib.contextmanager
    def only_mine(self) -> Generator[None]:
        """Send what libraries print to stderr, so that stdout holds the result alone."""
        with contextlib.redirect_stdout(self._stderr):
            yield

    def line(self, text: str = "") -> None:
        """A line of a result for people; nothing with --json."""
        if not self.as_json:
            self._write(self._stdout, text + "\n")

    def result(self, data: Mapping[str, Any]) -> None:
        """The result for programs; nothing without --json."""
        if not self.as_json:
            return
        raw = json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
        with _forgiving(self._stdout):
            self._stdout.flush()
            self._stdout.buffer.write(raw + b"\n")
            self._stdout.buffer.flush()

    def note(self, text: str) -> None:
        """A line on stderr."""
        self._end_progress()
        self._write(self._stderr, text + "\n")

    def error(self, report: ErrorReport) -> None:
        """A failure, in its sentences; for a fault of ours also where it happened."""
        sentences = [text for text in (report.what, report.why, report.todo) if text]
        self.note("\n".join(sentences))
        if report.is_fault and report.details:
            self.note(report.details.rstrip())

    def progress(self, text: str, *, done: bool = False) -> None:
        """How far it is: rewritten in place on a terminal; elsewhere a line when `done`."""
        if not _is_terminal(self._stderr):
            if done:
                self._write(self._stderr, text + "\n")
            return
        now = time.monotonic()
        if done or now - self._last_progress > 0.1:
            self._last_progress = now
            self._open_line = True
            self._write(self._stderr, f"\r\033[K{text}")
            if done:
                self._end_progress()

    def _end_progress(self) -> None:
        if self._open_line:
            self._open_line = False
            self._write(self._stderr, "\n")

    def _write(self, stream: TextIO, text: str) -> None:
        with _forgiving(stream):
            stream.write(text)
            stream.flush()


def _is_terminal(stream: TextIO) -> bool:
    with contextlib.suppress(ValueError, AttributeError):
        return stream.isatty()
    return False


@contextlib.contextmanager
def _forgiving(stream: TextIO) -> Generator[None]:
    """Go on when nobody reads any more: what was made is in the library all the same."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain about this pipe again.
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    except (OSError, ValueError, AttributeError):  # a closed or missing stream: pythonw, `>&-`
        pass

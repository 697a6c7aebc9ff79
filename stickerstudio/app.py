"""The window's composition root: makes the parts, ties them together, and ends them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication, QMessageBox
from qasync import QEventLoop

from stickerstudio import __version__
from stickerstudio.core.errors import StudioError, report
from stickerstudio.core.i18n import set_language, system_language
from stickerstudio.core.paths import Paths
from stickerstudio.core.settings import load
from stickerstudio.session.session import CreateGenerator, Session
from stickerstudio.session.state import Notice
from stickerstudio.ui.appearance import Appearance
from stickerstudio.ui.main_window import TITLE, MainWindow

if TYPE_CHECKING:
    from stickerstudio.session.trainer import MakesTrainer


def run(
    argv: Sequence[str],
    paths: Paths | None = None,
    create: CreateGenerator | None = None,
) -> int:
    """Open the window and stay until it is closed; the exit code.

    Args:
        argv: the program's name, and Qt's own options.
        paths: where everything is; None: the system's usual places.
        create: makes the Generator, in a child process; None: the real engine.
    """
    app = QApplication(list(argv))
    app.setApplicationName("stickerstudio")
    app.setApplicationDisplayName(TITLE)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("stickerstudio")
    app.setStyle("Fusion")
    app.setQuitOnLastWindowClosed(False)  # the engine ends first
    paths = paths or Paths.default()
    language = load(paths.state / "settings.json").language or system_language()
    set_language(language, paths.locales)  # for what goes wrong before there is a window
    with QEventLoop(app) as loop:
        try:
            session = Session(paths, create or _real_engine(), loop)
        except StudioError as error:
            return _could_not_start(app, error)
        session.make_trainer = _real_trainer
        Appearance(app, session)
        window = MainWindow(session)
        window.painted.connect(session.start)
        window.closing.connect(session.close)
        session.closed.connect(loop.stop)
        # What is made by now lives as long as the program; walking it at every full collection
        # would hold the window still for tens of milliseconds.
        gc.collect()
        gc.freeze()
        with _signals_close(window), _faults_become_notices(session, loop):
            window.show()
            loop.run_forever()
        session.wait_closed()
    return 0


def _real_engine() -> CreateGenerator:
    from stickerstudio.engine.studio import create

    return create


def _real_trainer() -> MakesTrainer:
    from stickerstudio.engine.train.run import create

    return create


def _could_not_start(app: QApplication, error: StudioError) -> int:
    """Without a library there is no window to put a notice in: say it in a box of its own."""
    sys.stderr.write(f"{error}\n")
    box = QMessageBox(QMessageBox.Icon.Critical, TITLE, error.what)
    box.setInformativeText(f"{error.why} {error.todo}".strip())
    box.finished.connect(app.quit)
    box.open()
    app.exec()
    return error.exit_code


@contextlib.contextmanager
def _signals_close(window: MainWindow) -> Iterator[None]:
    """SIGTERM and SIGINT close the window. Qt runs no Python by itself: a socket wakes it."""
    ours, pythons = socket.socketpair()
    for end in (ours, pythons):
        end.setblocking(False)
    before = {sig: signal.signal(sig, lambda *_: None) for sig in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(pythons.fileno())
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read, window)

    def woken() -> None:
        caught = ours.recv(64)
        if {signal.SIGINT, signal.SIGTERM}.intersection(caught):
            window.close()

    notifier.activated.connect(woken)
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(wakeup)
        for sig, handler in before.items():
            signal.signal(sig, handler)
        ours.close()
        pythons.close()


@contextlib.contextmanager
def _faults_become_notices(session: Session, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """What nobody caught, on whatever thread, is shown, and written to stderr as before."""

    def tell(error: BaseException) -> None:
        details = "".join(traceback.format_exception(error))
        sys.stderr.write(details)
        session.notice.emit(Notice(report(error, details)))

    def main_hook(
        kind: type[BaseException], error: BaseException, where: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, where)
        else:
            tell(error)

    def thread_hook(caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            tell(caught.exc_value)

    def loop_hook(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            tell(error)
        else:
            loop.default_exception_handler(context)

    hooks = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = main_hook, thread_hook
    loop.set_exception_handler(loop_hook)
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = hooks

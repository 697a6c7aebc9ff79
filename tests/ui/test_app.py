"""The program's start and end: signals, faults, and a library that cannot be opened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from stickerstudio import app
from stickerstudio.core.paths import Paths
from stickerstudio.ui.main_window import MainWindow
from tests.session import scripted

class Watched(MainWindow):
    def __init__(self, session):
        super().__init__(session)
        self.session = session
        self.painted.connect(lambda: QTimer.singleShot(0, self.act))

    def act(self):
{act}

if __name__ == "__main__":
    app.MainWindow = Watched
    paths = scripted.with_models(Paths.under(Path(sys.argv[1])))
    sys.exit(app.run(["stickerstudio"], paths, scripted.create))
"""


def start(tmp_path: Path, act: str) -> subprocess.Popen[str]:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM.replace("{act}", textwrap.indent(textwrap.dedent(act), " " * 8)))
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "home")],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_window_and_the_program_within_five_seconds(
    tmp_path: Path, sent: signal.Signals
) -> None:
    program = start(
        tmp_path,
        """
        self.session.edit(prompt="slow otter", count=16)
        self.session.make()
        self.session.progress.connect(lambda _: print("making", flush=True))
        """,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "making\n"
    asked = time.monotonic()
    program.send_signal(sent)
    _, errors = program.communicate(timeout=30)
    assert time.monotonic() - asked < 5
    assert program.returncode == 0, errors
    assert (tmp_path / "home" / "state" / "window.ini").is_file()


@pytest.mark.parametrize(
    "fault",
    [
        "QTimer.singleShot(0, lambda: 1 / 0)",
        "threading.Thread(target=lambda: 1 / 0).start()",
        "self.session._background._loop.call_soon(lambda: 1 / 0)",
    ],
    ids=["slot", "thread", "loop"],
)
def test_what_nobody_caught_becomes_a_notice(tmp_path: Path, fault: str) -> None:
    program = start(
        tmp_path,
        f"""
        def show():
            error = self.notices.current and self.notices.current.error
            print(error.kind, error.details.splitlines()[-1], flush=True)
            self.close()
        {fault}
        QTimer.singleShot(500, show)
        """,
    )
    said, errors = program.communicate(timeout=60)
    assert said == "FaultError ZeroDivisionError: division by zero\n"
    assert "ZeroDivisionError" in errors
    assert program.returncode == 0


def test_a_library_that_cannot_be_opened_is_told_in_a_box(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "library").write_text("a file where the folder should be")
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        from pathlib import Path
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication, QMessageBox
        from stickerstudio import app
        from stickerstudio.core.paths import Paths
        from tests.session import scripted

        class Box(QMessageBox):
            def open(self):
                super().open()
                print(self.isVisible(), bool(self.text()), flush=True)
                QTimer.singleShot(0, self.accept)

        app.QMessageBox = Box
        paths = Paths.under(Path(sys.argv[1]))
        sys.exit(app.run(["stickerstudio"], paths, scripted.create))
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "home")],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "True True\n", done.stderr
    assert done.returncode == 3
    assert str(tmp_path / "home" / "library") in done.stderr

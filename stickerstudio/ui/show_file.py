"""Open the system's file manager with a file selected, where the platform has a way to ask."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def show_in_folder(path: Path) -> None:
    """Show `path` selected in its folder; at least open the folder."""
    if sys.platform == "win32":
        shown = QProcess.startDetached("explorer.exe", ["/select,", str(path)])[0]
    elif sys.platform == "darwin":
        shown = QProcess.startDetached("/usr/bin/open", ["-R", str(path)])[0]
    else:
        shown = _ask_desktop(path)
    if not shown:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _ask_desktop(path: Path) -> bool:
    """Linux: the file manager interface of freedesktop.org, which Nautilus, Dolphin… answer."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    interface = "org.freedesktop.FileManager1"
    call = QDBusMessage.createMethodCall(
        interface, "/org/freedesktop/FileManager1", interface, "ShowItems"
    )
    call.setArguments([[QUrl.fromLocalFile(str(path)).toString()], ""])
    return bus.call(call, timeout=1_000).type() == QDBusMessage.MessageType.ReplyMessage

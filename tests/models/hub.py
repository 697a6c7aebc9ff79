"""A stand-in for the model hub on loopback: its listing, its redirects and ranges, its failures.

It serves one folder as one repository at one commit, the way the hub does: the listing with sizes
and checksums (large files by Git LFS's SHA-256, small ones by git's SHA-1), `/resolve/` addresses
that send large files on to a store, and the errors with the hub's own headers.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE = 4000  # bytes from which a file is in LFS


@dataclass
class HubStandIn:
    """The switches, and what was asked.

    Attributes:
        cut_after: close the connection after so many bytes of a large file's answer, `cuts` times.
        corrupt: send this file with one bit changed, `corruptions` times.
        refuse: answer every request with this status.
        ranges: whether ranges are understood.
        asked: (path, range header) of each request.
    """

    folder: Path
    repo: str = "someone/tiny-sdxl"
    commit: str = "c0ffee" + "0" * 34
    cut_after: int = 0
    cuts: int = 0
    corrupt: str = ""
    corruptions: int = 0
    refuse: int = 0
    busy: int = 0
    ranges: bool = True
    hidden: set[str] = field(default_factory=set[str])
    gate: threading.Event | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def __enter__(self) -> HubStandIn:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def names(self) -> list[str]:
        files = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        names = [path.relative_to(self.folder).as_posix() for path in files]
        return [name for name in names if name not in self.hidden]

    def listing(self) -> dict[str, Any]:
        return {
            "id": self.repo,
            "sha": self.commit,
            "private": False,
            "siblings": [self._sibling(name) for name in self.names()],
        }

    def _sibling(self, name: str) -> dict[str, Any]:
        data = (self.folder / name).read_bytes()
        sha1 = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
        sibling: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": sha1}
        if len(data) >= LARGE:
            sha256 = hashlib.sha256(data).hexdigest()
            sibling["lfs"] = {"size": len(data), "sha256": sha256, "pointerSize": 130}
        return sibling

    def asked_for(self, ending: str) -> list[str | None]:
        """The range headers of the requests whose path ends so."""
        return [range_ for path, range_ in self.asked if path.endswith(ending)]


def _handler(hub: HubStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append((path, self.headers.get("Range")))
            hub.headers.append(dict(self.headers))
            if hub.refuse:
                self._answer(hub.refuse, b"no", {"X-Error-Code": "GatedRepo"})
            elif hub.busy:
                hub.busy -= 1
                self._answer(503, b"later")
            elif path in (f"/api/models/{hub.repo}/revision/{r}" for r in ("main", hub.commit)):
                self._answer(200, json.dumps(hub.listing()).encode())
            elif path.startswith(f"/{hub.repo}/resolve/{hub.commit}/"):
                self._resolve(path.removeprefix(f"/{hub.repo}/resolve/{hub.commit}/"))
            elif path.startswith("/store/"):
                self._send_file(path.removeprefix("/store/"))
            else:
                self._answer(404, b"not found", {"X-Error-Code": "RepoNotFound"})

        def _resolve(self, name: str) -> None:
            if name not in hub.names():
                self._answer(404, b"not found", {"X-Error-Code": "EntryNotFound"})
            elif (hub.folder / name).stat().st_size >= LARGE:
                self._answer(302, b"", {"Location": f"/store/{name}"})
            else:
                self._send_file(name)

        def _send_file(self, name: str) -> None:
            data = bytearray((hub.folder / name).read_bytes())
            if name == hub.corrupt and hub.corruptions:
                hub.corruptions -= 1
                data[len(data) // 2] ^= 1
            start = 0
            asked = self.headers.get("Range")
            if asked and hub.ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(data):
                    self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                    return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            body = bytes(data[start:])
            if hub.cuts and len(data) >= LARGE:
                hub.cuts -= 1
                self.wfile.write(body[: hub.cut_after])
                self.wfile.flush()
                self.close_connection = True
                return
            if hub.gate is not None and len(data) >= LARGE:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                hub.gate.wait(20)
                self.close_connection = True
                return
            self.wfile.write(body)

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler

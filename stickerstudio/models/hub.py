"""A model hub over HTTP: what a repository holds, and its files, resumable and checked.

huggingface_hub tells where things are and who we are; the bytes are fetched here. Its own download
(2.4: `hf_hub_download`) writes to a file that it deletes when anything goes wrong, so that 7 GB
start over after a kill; it looks at no checksum; and it can be stopped only every 10 MB. It is also
told to stay offline in every process of this program, and a client of our own leaves it so.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self, TypeVar

import httpx2

from stickerstudio import __version__
from stickerstudio.core.errors import (
    BadInputError,
    Cancelled,
    LicenceError,
    NetworkError,
    NotFoundError,
    disk_errors,
)
from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import HubSource

HUB: Final = "https://huggingface.co"
PAUSES: Final = (
    0.5,
    1.0,
    2.0,
    4.0,
)  # seconds before each new attempt after one that brought nothing
_NOTICES = ("LICENSE*", "LICENCE*", "NOTICE*")  # taken along, whatever they are called
_TIMEOUT = 4.0  # seconds without a sign of life; after a cancel nobody waits longer than that

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository at one commit.

    `digest` is its SHA-256 if it is large (Git LFS), else git's SHA-1 of it; in hexadecimal.
    """

    name: str
    size: int
    digest: str
    url: str

    def path_in(self, folder: Path) -> Path:
        """Where it belongs."""
        return folder / self.name

    def unfinished_in(self, folder: Path) -> Path:
        """Where its bytes gather until all are there.

        Named after its contents, so that a part of an older version is never continued.
        """
        path = folder / self.name
        return path.with_name(f"{path.name}.{self.digest[:16]}.part")

    def fetched(self, folder: Path) -> int:
        """How many of its bytes are in `folder`, finished or not."""
        for path in (self.path_in(folder), self.unfinished_in(folder)):
            if path.is_file():
                return min(path.stat().st_size, self.size)
        return 0


class Hub:
    """The hub, or a mirror of it, until the `with` block ends.

    Args:
        endpoint: "https://…"; None: HF_ENDPOINT of the environment, or the hub itself.
        is_cancelled: asked between chunks and during pauses.

    Raises:
        BadInputError: `endpoint` is no address.
    """

    def __init__(self, endpoint: str | None, is_cancelled: Callable[[], bool]) -> None:
        self.address = _address(endpoint)
        self._is_cancelled = is_cancelled
        self._client = httpx2.Client(follow_redirects=True, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def files(self, source: HubSource) -> tuple[str, list[HubFile]]:
        """The commit that `source.revision` stands for, and its files and licences there.

        Raises:
            NotFoundError: there is no such repository or revision, or it lacks one of the files.
            LicenceError, NetworkError, Cancelled: as in `fetch`.
        """
        from huggingface_hub import ModelInfo, hf_hub_url

        url = f"{self.address}/api/models/{source.repo}/revision/{source.revision}"

        def ask() -> httpx2.Response:
            response = self._client.get(url, params={"blobs": "true"}, headers=self._headers())
            self._check(response)
            return response

        response = self._persist(ask, lambda: False)
        try:
            info = ModelInfo(**response.json())
            commit = str(info.sha)
            listed = [
                (each.rfilename, each.size, each.lfs, each.blob_id) for each in info.siblings or []
            ]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise NetworkError(
                tr("{host} could not be understood.", host=self.address),
                tr("It does not answer like a model hub; a log-in page may be in the way."),
                tr("Open a web page to see whether you are online, or choose another mirror."),
            ) from error
        files: list[HubFile] = []
        for name, size, lfs, blob_id in listed:
            digest = lfs.sha256 if lfs else blob_id
            if (name in source.files or _is_notice(name)) and size is not None and digest:
                where = hf_hub_url(source.repo, name, revision=commit, endpoint=self.address)
                files.append(HubFile(name, size, digest, where))
        missing = sorted(set(source.files) - {file.name for file in files})
        if missing:
            raise NotFoundError(
                tr("{url} does not hold the whole model.", url=f"{self.address}/{source.repo}"),
                tr("{what} is missing.", what=missing[0]),
                tr("Choose another mirror, or add the model from your disk."),
            )
        return commit, files

    def fetch(self, file: HubFile, folder: Path, progress: Callable[[int], None]) -> None:
        """Put `file` into `folder`, going on from what is there. It gets its name once it is right.

        A connection that is cut is taken up again; if that brings nothing a few times over, what
        has arrived stays for the next call.

        Args:
            progress: told how many bytes of the file are there.

        Raises:
            NetworkError: the hub was not reached, or what it sends is damaged.
            LicenceError: it asks for an account that has accepted the licence.
            NotFoundError: the file is gone.
            DiskError: the file cannot be written.
            Cancelled: the user stopped it.
        """
        path, unfinished = file.path_in(folder), file.unfinished_in(folder)
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file():  # fetched by an earlier call; it may have been of an older version
                path.replace(unfinished)
            with unfinished.open("a+b") as handle:
                going_on = handle.tell() > 0
                right = self._fill(handle, file, progress)
                if not right and going_on:  # what was there may have been wrong
                    handle.truncate(0)
                    right = self._fill(handle, file, progress)
                handle.flush()
                os.fsync(handle.fileno())
            if right:
                unfinished.rename(path)
                return
            unfinished.unlink()
        raise NetworkError(
            tr("{name} arrived damaged.", name=file.name),
            tr("Its checksum is not the one that {host} announces.", host=self.address),
            tr("Try again; if it stays so, choose another mirror."),
        )

    def _fill(self, handle: BinaryIO, file: HubFile, progress: Callable[[int], None]) -> bool:
        """Append what `handle` lacks of `file`; whether the whole then has the right checksum."""
        digest = _new_digest(file)
        handle.seek(0)
        while chunk := handle.read(2**20):
            self._stop_if_cancelled()
            digest.update(chunk)
            progress(min(handle.tell(), file.size))
        before = handle.tell()

        def grown() -> bool:
            nonlocal before
            more, before = handle.tell() > before, handle.tell()
            return more

        def go_on() -> None:
            nonlocal digest
            at = handle.tell()
            if at >= file.size:
                return
            headers = {**self._headers(), "Accept-Encoding": "identity"}
            if at:
                headers["Range"] = f"bytes={at}-"
            with self._client.stream("GET", file.url, headers=headers) as response:
                self._check(response)
                if at and response.status_code != 206:  # it knows no ranges and starts over
                    handle.truncate(0)
                    digest = _new_digest(file)
                for chunk in response.iter_bytes():  # as they come, so that a cut loses nothing
                    self._stop_if_cancelled()
                    handle.write(chunk)
                    handle.flush()
                    digest.update(chunk)
                    progress(min(handle.tell(), file.size))
                    if handle.tell() > file.size:
                        return
            if handle.tell() < file.size:
                raise httpx2.ReadError("the connection ended early")

        self._persist(go_on, grown)
        return handle.tell() == file.size and digest.hexdigest() == file.digest

    def _persist(self, attempt: Callable[[], _T], grown: Callable[[], bool]) -> _T:
        """`attempt` until it succeeds, or fails too often in a row without having `grown`."""
        failures = 0
        while True:
            self._stop_if_cancelled()
            try:
                return attempt()
            except (httpx2.RequestError, _BusyError) as error:
                failures = 0 if grown() else failures + 1
                if failures > len(PAUSES):
                    raise NetworkError(
                        tr("The download from {host} was interrupted.", host=self.address),
                        tr("The network said: {reason}.", reason=error or type(error).__name__),
                        tr("What has arrived is kept. Download again to go on from there."),
                    ) from error
            self._pause(PAUSES[max(failures - 1, 0)])

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._stop_if_cancelled()
            time.sleep(min(left, 0.1))

    def _stop_if_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def _headers(self) -> dict[str, str]:
        """Who asks. The user's own token goes to the hub only, not to whoever runs a mirror."""
        from huggingface_hub.utils import (
            build_hf_headers,  # pyright: ignore[reportUnknownVariableType]
        )

        token = None if self.address == HUB else False
        return build_hf_headers(
            token=token, library_name="stickerstudio", library_version=__version__
        )

    def _check(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status < 400:
            return
        if status in (401, 403):
            raise LicenceError(
                tr("{host} did not let us in (status {status}).", host=self.address, status=status),
                tr("It asks for an account that has accepted the model's licence there."),
                tr("Accept it on the hub's page, and put your token into HF_TOKEN."),
            )
        if status in (404, 410):
            raise NotFoundError(
                tr("The model was not found at {host}.", host=self.address),
                tr("It answered {status} to {url}.", status=status, url=response.url.path),
                tr("Choose another mirror, or add the model from your disk."),
            )
        raise _BusyError(tr("{host} answered {status}", host=self.address, status=status))


class _BusyError(Exception):
    """The hub answered that it cannot serve us now."""


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def _new_digest(file: HubFile) -> _Digest:
    if len(file.digest) == 64:
        return hashlib.sha256()
    # Git names a file by the SHA-1 of a header and its contents (git help hash-object).
    return hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)


def _is_notice(name: str) -> bool:
    return "/" not in name and any(fnmatch.fnmatchcase(name.upper(), each) for each in _NOTICES)


def _address(endpoint: str | None) -> str:
    text = (endpoint or os.environ.get("HF_ENDPOINT") or HUB).strip().rstrip("/")
    try:
        url = httpx2.URL(text)
        if url.scheme in ("http", "https") and url.host:
            return text
    except httpx2.InvalidURL:
        pass
    raise BadInputError(
        tr("{address} is not the address of a mirror.", address=text),
        tr("It must begin with https:// or http://."),
        tr("Correct it in the settings or in HF_ENDPOINT."),
    )

"""Download a model: licence first, then size and space, then the files. Never started unasked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from stickerstudio.core.atomic import write_text_atomic
from stickerstudio.core.errors import BadInputError, DiskError, LicenceError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.models.cards import ModelCard, card_json
from stickerstudio.models.catalogue import partial_folder

SPARE: Final = 200_000_000  # bytes of disk left for everything else


def download(
    card: ModelCard,
    *,
    target: Path,
    accept_licence: bool,
    progress: Callable[[int, int], None],
    is_cancelled: Callable[[], bool],
    endpoint: str | None = None,
) -> Path:
    """Fetch the files of `card` into the folder `target`, which appears only when all are right.

    What was fetched is kept when it is stopped, by whatever means, and not fetched again.

    Args:
        target: see `Catalogue.download_folder`.
        accept_licence: the user has seen `card.licence_text` and agreed.
        progress: told (bytes there, bytes in all), from this thread.
        is_cancelled: asked whenever bytes arrive, at most 4 s apart.
        endpoint: a mirror, "https://…"; None: HF_ENDPOINT of the environment, or the hub itself.

    Returns:
        `target`.

    Raises:
        LicenceError: not accepted, or the hub itself asks for an account that has.
        DiskError: it does not fit (with the figures), or cannot be written.
        NetworkError: the hub was not reached, or what arrived is damaged.
        NotFoundError: the repository or one of its files is not there.
        BadInputError: the card names no source, `endpoint` is no address, or it is under way.
        Cancelled: `is_cancelled` said so.
    """
    from stickerstudio.models.hub import Hub  # only who downloads pays for the HTTP client

    if card.hub is None:
        raise BadInputError(
            tr("{title} cannot be downloaded.", title=card.local_title),
            tr("Its card names no place to download it from."),
            tr("Add it from your disk instead."),
        )
    if not accept_licence:
        raise LicenceError(
            tr("{title} has not been downloaded.", title=card.local_title),
            tr("Its licence ({licence}) has not been accepted.", licence=card.licence),
            tr("Read it at {url}, and download again if you agree.", url=card.licence_url),
        )
    part = partial_folder(target)
    with disk_errors(part):
        part.mkdir(parents=True, exist_ok=True)
    with _alone(part), Hub(endpoint, is_cancelled) as hub:
        if (target / "card.json").is_file():
            return target
        commit, files = hub.files(card.hub)
        total = sum(file.size for file in files)
        with disk_errors(part):
            done = sum(file.fetched(part) for file in files)
        _check_space(card, part, total - done)
        tell = _forwards(progress, total)
        tell(done)
        before = 0
        for file in files:
            hub.fetch(file, part, lambda there, before=before: tell(before + there))
            before += file.size
        fetched = replace(card, hub=replace(card.hub, revision=commit))
        with disk_errors(target):
            write_text_atomic(part / "card.json", card_json(fetched))
            part.rename(target)
    return target


@contextmanager
def _alone(part: Path) -> Generator[None]:
    """Keep a second download of the same model out; a killed one leaves no lock behind."""
    from filelock import FileLock, Timeout

    lock = FileLock(part.with_name(f"{part.name}.lock"))
    with disk_errors(part):
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BadInputError(
                tr("This model is being downloaded already."),
                tr("Another window or command is at it."),
                tr("Wait for it to finish, or stop it there."),
            ) from error
    try:
        yield
    finally:
        lock.release()


def _check_space(card: ModelCard, part: Path, needed: int) -> None:
    with disk_errors(part):
        free = shutil.disk_usage(part).free
    if needed + SPARE > free:
        raise DiskError(
            tr("{title} does not fit on the disk.", title=card.local_title),
            tr(
                "{needed} GB are still to be downloaded, and {free} GB are free at {path}.",
                needed=f"{needed / 1e9:.2f}",
                free=f"{free / 1e9:.2f}",
                path=part.parent,
            ),
            tr("Free some space and try again."),
        )


def _forwards(progress: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    """`progress` that never goes back while what is there is being checked."""
    most = 0

    def tell(done: int) -> None:
        nonlocal most
        most = max(most, done)
        progress(most, total)

    return tell

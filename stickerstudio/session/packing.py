"""Packing: the saved packs, and the one pack that a window has open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from stickerstudio.core.errors import BadFileError, StudioError, disk_errors, report
from stickerstudio.core.i18n import tr
from stickerstudio.core.library import Library
from stickerstudio.packs import emoji
from stickerstudio.packs import pack as projects
from stickerstudio.packs.check import Judgement, Look, Problem, judge
from stickerstudio.packs.export import NEUTRAL, look, plan_export, run, write_export
from stickerstudio.packs.importing import write_import
from stickerstudio.packs.pack import Pack, PackSticker
from stickerstudio.packs.platforms import PLATFORMS, find
from stickerstudio.packs.reading import read_any
from stickerstudio.session.background import Background
from stickerstudio.session.state import Notice
from stickerstudio.session.workers import Workers

FOLDER = "packs"  # in the library's folder: a library that is moved takes its packs along
POLL = 2_000  # milliseconds between two looks at what another window did
SAVE_DELAY = 400  # milliseconds from a change until it is on disk
AT_FIRST = ("whatsapp", "telegram", "line")  # platforms of a new pack
_REMEMBERED = 100  # steps that can be undone


@dataclass(frozen=True, slots=True)
class Project:
    """A saved pack, for a list."""

    path: Path
    title: str
    count: int


class Packing(QObject):
    """Every saved pack, and the pack that is open.

    Attributes:
        projects: the saved packs, the one changed last first.
        pack, path: the open one; None and None before any is.
        judgements: for each platform the pack is for, what stands in the way.
        looks: what is known of each sticker's file; those not looked at yet are missing.
        progress: (files made, files in all) of a running export; None otherwise.
    """

    projects_changed = Signal()
    opened = Signal()  # another pack, after `changed`
    changed = Signal()  # pack, path
    checked = Signal()  # judgements
    changed_elsewhere = Signal()  # another window saved the open pack, and here are changes too
    progressed = Signal()  # progress
    exported = Signal(object)  # list[Path]
    notice = Signal(object)  # Notice

    def __init__(
        self, library: Library, background: Background, workers: Workers, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._library = library
        self._background = background
        self._workers = workers
        self.folder = library.folder / FOLDER
        self.projects: list[Project] = []
        self.pack: Pack | None = None
        self.path: Path | None = None
        self.judgements: dict[str, Judgement] = {}
        self.looks: dict[Path, Look] = {}
        self.progress: tuple[int, int] | None = None
        self._undo: list[Pack] = []
        self._saved: Pack | None = None
        self._stamp = 0
        self._looking: set[Path] = set()
        self._export: asyncio.Task[None] | None = None
        self._in_turn = asyncio.Lock()
        self._save_timer = QTimer(self, singleShot=True, interval=SAVE_DELAY)
        self._save_timer.timeout.connect(lambda: self._start(self._save()))
        self._poll = QTimer(self, interval=POLL)
        self._poll.timeout.connect(lambda: self._start(self._look_at_disk()))

    # --- which packs there are ---

    def refresh(self) -> None:
        """Read the list of saved packs; → projects_changed."""
        self._start(self._refresh())

    def open(self, path: Path) -> None:
        """Open a saved pack; → changed."""
        self._start(self._open(path))

    def create(self, sticker_ids: Sequence[str], title: str, author: str) -> None:
        """A new pack of stickers of the library, with emoji after their prompts; → changed."""
        self._start(self._create(tuple(sticker_ids), title, author))

    def take(self, pack: Pack) -> None:
        """A new pack as it is given; → changed."""
        self._start(self._take(pack))

    def import_from(self, path: Path) -> None:
        """Take over a pack of any platform, a folder or an archive; → changed."""
        self._start(self._import(path))

    def remove_project(self, path: Path) -> None:
        """Forget a saved pack; its pictures stay. → projects_changed"""
        self._start(self._remove(path))

    # --- the open pack ---

    def edit(self, **changes: object) -> None:
        """Change fields of the pack, and save it in a moment; → changed, checked."""
        if self.pack is None:
            return
        after = replace(self.pack, **changes)  # pyright: ignore[reportArgumentType]
        if after == self.pack:
            return
        self._undo = [*self._undo[-_REMEMBERED:], self.pack]
        self._show(after)
        self._save_timer.start()

    def undo(self) -> None:
        """Take back the last change; → changed."""
        if self._undo:
            self._show(self._undo.pop())
            self._save_timer.start()

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    def add(self, sticker_ids: Sequence[str]) -> None:
        """Put stickers of the library at the pack's end; → changed."""
        self._start(self._add(tuple(sticker_ids)))

    def reorder(self, order: Sequence[int]) -> None:
        """Bring the stickers into another order: the old index of each, in the new order."""
        if self.pack is not None and sorted(order) == list(range(len(self.pack.stickers))):
            stickers = tuple(self.pack.stickers[index] for index in order)
            self.edit(stickers=stickers, cover=list(order).index(self.pack.cover) if order else 0)

    def remove(self, indices: Sequence[int]) -> None:
        """Take stickers out of the pack; the library keeps them."""
        if self.pack is not None:
            gone = set(indices)
            kept = [i for i in range(len(self.pack.stickers)) if i not in gone]
            cover = kept.index(self.pack.cover) if self.pack.cover in kept else 0
            self.edit(stickers=tuple(self.pack.stickers[i] for i in kept), cover=cover)

    def set_sticker(self, index: int, **changes: object) -> None:
        """Change the emoji or the text of one sticker."""
        if self.pack is not None and 0 <= index < len(self.pack.stickers):
            stickers = list(self.pack.stickers)
            stickers[index] = replace(stickers[index], **changes)  # pyright: ignore[reportArgumentType]
            self.edit(stickers=tuple(stickers))

    def fix(self, problem: Problem) -> None:
        """Do what `problem` offers: emoji are set at once, the rest is done by the export."""
        if self.pack is None or problem.fix is None:
            return
        if problem.fix == "emoji" and problem.sticker is not None:
            text = self.pack.stickers[problem.sticker].text
            self.set_sticker(problem.sticker, emoji=emoji.suggest(text, 1) or (NEUTRAL,))
        else:
            agreed = (problem.platform, problem.fix)
            self.edit(accepted=self.pack.accepted | {agreed})

    def take_from_disk(self) -> None:
        """Show what another window saved, and drop the changes here; → changed."""
        if self.path is not None:
            self._save_timer.stop()
            self.open(self.path)

    def keep_mine(self) -> None:
        """Save what is shown over what another window saved."""
        self._start(self._save(over_others=True))

    # --- export ---

    def export(self, target: Path) -> None:
        """Make the pack for each of its platforms, below `target`; → progressed, exported.

        A platform that cannot be served gives a notice, and the others are made.
        """
        if self.pack is not None and self.progress is None:
            self.progress = (0, 0)
            self.progressed.emit()
            self._start(self._run_export(self.pack, target))

    def cancel_export(self) -> None:
        """Stop the export; packs that are finished stay."""
        if self._export is not None:
            self._export.cancel()

    def close(self) -> None:
        """Stop looking, and save what is not saved yet."""
        self._poll.stop()
        self.cancel_export()
        if self._save_timer.isActive():
            self._save_timer.stop()
            self._start(self._save())

    # --- within ---

    def _show(self, pack: Pack) -> None:
        self.pack = pack
        self.changed.emit()
        self._check()
        new = {s.source for s in pack.stickers} - self.looks.keys() - self._looking
        for source in sorted(new):
            self._looking.add(source)
            self._start(self._look(source))

    def _check(self) -> None:
        pack = self.pack
        if pack is None or any(s.source not in self.looks for s in pack.stickers):
            return
        looks = [self.looks[sticker.source] for sticker in pack.stickers]
        known = {platform.key for platform in PLATFORMS}
        self.judgements = {
            key: judge(pack, find(key), looks) for key in pack.platforms if key in known
        }
        self.checked.emit()

    async def _look(self, source: Path) -> None:
        try:
            self.looks[source] = await self._workers.run(look, source)
        finally:
            self._looking.discard(source)
        self._check()

    async def _refresh(self) -> None:
        self.projects = await self._background.call(_list_projects, self.folder)
        self.projects_changed.emit()

    async def _open(self, path: Path) -> None:
        await self._save()
        pack, stamp = await self._background.call(_load, path)
        self._show_opened(pack, path, stamp)

    async def _create(self, ids: tuple[str, ...], title: str, author: str) -> None:
        stickers = await self._background.call(self._stickers, ids)
        await self._take(Pack(title, author, "", stickers))

    async def _take(self, pack: Pack) -> None:
        await self._save()
        pack = replace(pack, platforms=AT_FIRST).with_identifier()
        path = self.folder / f"{pack.identifier}{projects.SUFFIX}"
        stamp = await self._background.call(_store, pack, path)
        self._show_opened(pack, path, stamp)
        await self._refresh()

    async def _add(self, ids: tuple[str, ...]) -> None:
        stickers = await self._background.call(self._stickers, ids)
        if self.pack is not None:
            self.edit(stickers=(*self.pack.stickers, *stickers))

    async def _import(self, path: Path) -> None:
        found = await self._workers.run(read_any, path)
        pack, project = await self._background.call(write_import, found, self.folder)
        pack = replace(pack, platforms=AT_FIRST)
        stamp = await self._background.call(_store, pack, project)
        self._show_opened(pack, project, stamp)
        if found.problems:
            words = tr("Some pictures could not be read: {names}", names=" ".join(found.problems))
            self.notice.emit(Notice(text=words))
        await self._refresh()

    async def _remove(self, path: Path) -> None:
        if path == self.path:
            self._save_timer.stop()
            self._poll.stop()
            self.pack = self.path = self._saved = None
            self.changed.emit()
        await self._background.call(_unlink, path)
        await self._refresh()

    def _show_opened(self, pack: Pack, path: Path, stamp: int) -> None:
        self.path, self._saved, self._stamp = path, pack, stamp
        self._undo = []
        self.looks = {}
        self._show(pack)
        self._poll.start()
        self.opened.emit()

    def _stickers(self, ids: tuple[str, ...]) -> tuple[PackSticker, ...]:
        found = [self._library.get(sticker_id) for sticker_id in ids]
        return tuple(
            PackSticker(one.path, emoji.suggest(one.recipe.prompt, 1), one.recipe.prompt)
            for one in found
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`; what the user can put right is told where the pack is."""

        async def told() -> None:
            try:
                await work
            except StudioError as error:
                self.notice.emit(Notice(report(error)))

        self._background.start(told())

    async def _save(self, *, over_others: bool = False) -> None:
        async with self._in_turn:
            pack, path = self.pack, self.path
            if pack is None or path is None or pack == self._saved:
                return
            if not over_others and await self._background.call(_stamp_of, path) != self._stamp:
                self.changed_elsewhere.emit()
                return
            self._stamp = await self._background.call(_store, pack, path)
            self._saved = pack
        await self._refresh()

    async def _look_at_disk(self) -> None:
        if self.path is None or self._save_timer.isActive() or self._in_turn.locked():
            return
        path = self.path
        stamp = await self._background.call(_stamp_of, path)
        if stamp in (self._stamp, 0) or path != self.path:
            return
        if self.pack == self._saved:
            await self._open(path)

    async def _run_export(self, pack: Pack, target: Path) -> None:
        self._export = asyncio.current_task()
        written: list[Path] = []
        try:
            for key in pack.platforms:
                with contextlib.suppress(asyncio.CancelledError):
                    await self._export_one(pack, key, target, written)
                    continue
                break
        finally:
            self._export = self.progress = None
            self.progressed.emit()
            if written:
                self.exported.emit(written)

    async def _export_one(self, pack: Pack, key: str, target: Path, written: list[Path]) -> None:
        try:
            looks = [self.looks[sticker.source] for sticker in pack.stickers]
            plan = plan_export(pack, find(key), looks)
            total = len(plan.jobs)
            done = 0
            self.progress = (done, total)
            self.progressed.emit()

            def count(_task: asyncio.Task[object]) -> None:
                nonlocal done
                done += 1
                self.progress = (done, total)
                self.progressed.emit()

            tasks = [asyncio.ensure_future(self._workers.run(run, job)) for job in plan.jobs]
            for task in tasks:
                task.add_done_callback(count)
            try:
                made = await asyncio.gather(*tasks)
            except BaseException:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                raise
            written.append(await self._background.call(write_export, plan, made, target))
        except StudioError as error:
            self.notice.emit(Notice(report(error)))


def _list_projects(folder: Path) -> list[Project]:
    found: list[tuple[float, Project]] = []
    with disk_errors(folder):
        if not folder.is_dir():
            return []
        paths = [*folder.glob(f"*{projects.SUFFIX}"), *folder.glob(f"*/*{projects.SUFFIX}")]
    for path in paths:
        with contextlib.suppress(BadFileError, OSError):  # a damaged one is not offered
            pack = projects.load(path)
            title = projects.clean_text(pack.title)
            found.append((path.stat().st_mtime, Project(path, title, len(pack.stickers))))
    return [project for _time, project in sorted(found, key=lambda one: -one[0])]


def _load(path: Path) -> tuple[Pack, int]:
    stamp = _stamp_of(path)
    emoji.suggest("")  # reads the names, here and not where the window would wait for them
    return projects.load(path).with_identifier(), stamp


def _store(pack: Pack, path: Path) -> int:
    projects.save(pack, path)
    return _stamp_of(path)


def _stamp_of(path: Path) -> int:
    """Another number whenever the file was written; 0 where it is not there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    return status.st_mtime_ns ^ status.st_ino ^ status.st_size


def _unlink(path: Path) -> None:
    with disk_errors(path):
        path.unlink(missing_ok=True)

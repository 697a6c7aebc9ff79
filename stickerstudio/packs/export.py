"""From a pack to files a platform takes: planned, made piece by piece, checked, written at once.

The pieces are jobs that know nothing of each other, so that they can run in other processes:

    looks = [look(sticker.source) for sticker in pack.stickers]
    plan = plan_export(pack, platform, looks)
    made = [run(job) for job in plan.jobs]
    folder = write_export(plan, made, target)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stickerstudio.core.errors import BadInputError, FaultError, StudioError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.save import safe_name
from stickerstudio.finish.fit import Fitted, fit
from stickerstudio.packs import emoji as emoji_names
from stickerstudio.packs.check import Look, Part, Problem, judge
from stickerstudio.packs.check_files import check_finished
from stickerstudio.packs.facts import inspect
from stickerstudio.packs.folder import replace_folder
from stickerstudio.packs.layouts import EXTENSIONS
from stickerstudio.packs.pack import Pack, PackSticker, clean_text, new_identifier
from stickerstudio.packs.pictures import MAX_BYTES, read_file
from stickerstudio.packs.platform import FileRule, Files, Finished, Item, Platform, TextRule

_SHOWN = 8  # problems in one error; `judge` gives them all
NEUTRAL = "🙂"  # for a sticker nothing else is known of, where one emoji is required
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")  # and a folder's name at once


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be made.

    Attributes:
        source: the picture's file.
        rule: what it must become.
        label: what to call it in sentences.
    """

    source: Path
    rule: FileRule
    label: str


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What will be made.

    Attributes:
        jobs: for each part its stickers, their thumbnails where there are any, then its covers.
        notes: what is done to the pack, in sentences.
    """

    pack: Pack
    platform: Platform
    parts: tuple[Part, ...]
    jobs: tuple[Job, ...]
    notes: tuple[str, ...]


def look(source: Path) -> Look:
    """What a sticker's file is; an error as a value, because other stickers are looked at too."""
    try:
        with disk_errors(source), source.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        return inspect(data, source.name)
    except StudioError as error:
        return error


def plan_export(pack: Pack, platform: Platform, looks: Sequence[Look]) -> ExportPlan:
    """What an export of `pack` will make.

    Raises:
        BadInputError: something stands in the way; its sentences are in the error.
    """
    judgement = judge(pack, platform, looks)
    if judgement.open:
        raise _not_accepted(platform, judgement.open)
    if not _IDENTIFIER.fullmatch(pack.identifier):
        pack = replace(pack, identifier=new_identifier(pack.title))
    jobs: list[Job] = []
    for part in judgement.parts:
        for index, moves in part.stickers:
            rule = platform.rule_for(animated=moves)
            assert rule is not None  # the judge lets no other through
            label = tr("Sticker {n}", n=index + 1)
            jobs.append(Job(pack.stickers[index].source, rule, label))
            if platform.thumbnail is not None:
                jobs.append(Job(pack.stickers[index].source, platform.thumbnail, label))
        cover = _cover(pack, part)
        for role, rule in platform.covers.items():
            jobs.append(Job(cover.source, rule, tr("The picture “{role}”", role=role)))
    notes = tuple(problem.text for problem in judgement.problems)
    return ExportPlan(pack, platform, tuple(judgement.parts), tuple(jobs), notes)


def run(job: Job) -> Fitted:
    """Make one file.

    Raises:
        BadInputError: it cannot be made small enough.
        BadFileError, NotFoundError, DiskError: its source cannot be read.
    """
    rule = job.rule
    picture = read_file(job.source)
    try:
        return fit(picture, rule.canvas, rule.format, rule.max_bytes, rule.timing, rule.background)
    except BadInputError as error:
        what = tr("{what}: {sentence}", what=job.label, sentence=error.what)
        raise BadInputError(what, error.why, error.todo) from error


def finish(plan: ExportPlan, made: Sequence[Fitted]) -> Files:
    """Lay out what the jobs made, and check it as the platform would.

    Raises:
        BadInputError: it does not pass all the same.
    """
    waiting = iter(made)
    files: Files = {}
    for number, part in enumerate(plan.parts):
        finished = _finished(plan, part, number, waiting)
        problems = check_finished(finished, plan.platform)
        if problems:
            raise _not_accepted(plan.platform, problems)
        below = f"{number + 1}/" if len(plan.parts) > 1 else ""
        laid = plan.platform.write(finished)
        if len({name.casefold() for name in laid}) != len(laid):
            raise FaultError(tr("Two files of the pack would have one name."))
        files.update({f"{below}{name}": data for name, data in laid.items()})
    return files


def write_export(plan: ExportPlan, made: Sequence[Fitted], target: Path) -> Path:
    """Put the pack into a folder of its own below `target`; returns that folder.

    An older export of the same pack and platform is replaced, and stays whole until the new one is.
    A folder of that name which holds anything else is left alone, and another name is chosen.

    Raises:
        BadInputError: the files do not pass the platform's check.
        DiskError, NotFoundError: writing failed; nothing half-written is left.
    """
    name = f"{safe_name(clean_text(plan.pack.title))}-{plan.platform.key}"
    return replace_folder(target, name, finish(plan, made))


def _finished(plan: ExportPlan, part: Part, number: int, made: Iterator[Fitted]) -> Finished:
    pack, platform = plan.pack, plan.platform
    items: list[Item] = []
    for place, (index, _moves) in enumerate(part.stickers):
        sticker = pack.stickers[index]
        text = clean_text(sticker.text)
        fitted = next(made)
        name = platform.name(place, text) + EXTENSIONS[fitted.format]
        thumbnail = next(made).data if platform.thumbnail is not None else None
        items.append(Item(name, fitted.data, emoji_of(sticker, platform), text, thumbnail))
    split = len(plan.parts) > 1
    return Finished(
        title=_titled(pack.title, platform.title_rule, number + 1 if split else None),
        author=_titled(pack.author, platform.author_rule, None),
        identifier=f"{pack.identifier}-{number + 1}" if split else pack.identifier,
        items=tuple(items),
        covers={role: next(made).data for role in platform.covers},
        is_animated=part.is_animated,
    )


def emoji_of(sticker: PackSticker, platform: Platform) -> tuple[str, ...]:
    """The emoji that `sticker` has on `platform`: suggested ones where it has too few."""
    least, most = platform.emoji
    own = tuple(emoji for emoji in sticker.emoji if emoji_names.is_emoji(emoji))
    if len(own) < least:
        own = (*own, *emoji_names.suggest(sticker.text, least), NEUTRAL)[:least]
    return own[:most]


def _titled(text: str, rule: TextRule | None, number: int | None) -> str:
    """A title as the platform takes it; a number tells the packs of a split one apart."""
    ending = f" {number}" if number is not None else ""
    text = clean_text(text)
    if rule is None:
        return text + ending
    return replace(rule, most=rule.most - len(ending)).shortened(text) + ending


def _cover(pack: Pack, part: Part) -> PackSticker:
    """The pack's cover where it is in this part, else the part's first sticker."""
    own = [index for index, _moves in part.stickers]
    return pack.stickers[pack.cover if pack.cover in own else own[0]]


def _not_accepted(platform: Platform, problems: Sequence[Problem]) -> BadInputError:
    shown = [problem.text for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        shown.append(tr("And {n} more.", n=len(problems) - _SHOWN))
    fixes = sorted({problem.fix for problem in problems if problem.fix is not None})
    return BadInputError(
        tr("{platform} would not take this pack.", platform=platform.title),
        "\n".join(shown),
        tr("What can be put right for you: {fixes}.", fixes=", ".join(fixes)) if fixes else "",
    )

"""Whether a pack passes: one judge for every platform, before anything is made.

Each problem is a sentence that says which sticker, which limit and by how much, and what would put
it right. Nothing here changes anything; `check_files` judges what has been made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from stickerstudio.core.errors import StudioError
from stickerstudio.core.i18n import tr, tr_n
from stickerstudio.packs.facts import Facts
from stickerstudio.packs.pack import Pack, clean_text
from stickerstudio.packs.platform import Counts, Platform, TextRule

Fix = Literal[
    "fit",  # encoded anew within the limits; lossless where that is possible
    "split",  # made several packs
    "fewer_emoji",  # the first ones are used
    "emoji",  # suggested ones are taken, or a neutral one
    "shorten",  # the text is cut for this platform
    "first_frame",  # an animation is shown as its first picture
    "leave_out",  # what cannot be used, or is too many, is not in this export
]
FIXES: tuple[Fix, ...] = get_args(Fix)
AUTOMATIC: frozenset[Fix] = frozenset({"fit", "split", "fewer_emoji"})  # nobody has to be asked

Look = Facts | StudioError  # what a source is, or why it cannot be read


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a platform would not accept.

    Attributes:
        platform: its key.
        limit: which of its limits: "bytes", "size", "count", "emoji", "title", …
        text: the sentence.
        sticker: which one, from 0; None for the whole pack.
        fix: what would put it right; None where only the user can.
        is_settled: whether an export does so, because it costs nothing or the user has agreed.
    """

    platform: str
    limit: str
    text: str
    sticker: int | None = None
    fix: Fix | None = None
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Stickers that become one pack: indices into Pack.stickers, and whether each will move."""

    stickers: tuple[tuple[int, bool], ...]

    @property
    def is_animated(self) -> bool:
        """Whether any of it moves."""
        return any(moves for _index, moves in self.stickers)


@dataclass(slots=True)
class Judgement:
    """What a platform says to a pack.

    Attributes:
        problems: in the order of the stickers, then of the whole pack.
        parts: the packs it becomes once every problem is settled.
    """

    problems: list[Problem] = field(default_factory=list[Problem])
    parts: list[Part] = field(default_factory=list[Part])

    @property
    def open(self) -> list[Problem]:
        """Those that keep it from being exported."""
        return [problem for problem in self.problems if not problem.is_settled]


def judge(pack: Pack, platform: Platform, looks: Sequence[Look]) -> Judgement:
    """What stands between `pack` and `platform`, and what the pack becomes there.

    Args:
        looks: for each sticker what its source is, or the error that reading it gave.
    """
    return _Judge(pack, platform).judge(looks)


class _Judge:
    def __init__(self, pack: Pack, platform: Platform) -> None:
        self._pack = pack
        self._platform = platform
        self._result = Judgement()

    def judge(self, looks: Sequence[Look]) -> Judgement:
        pack, platform = self._pack, self._platform
        usable = [
            (index, moves)
            for index, look in enumerate(looks)
            if (moves := self._sticker(index, look)) is not None
        ]
        self._count(usable)
        self._text("title", pack.title, platform.title_rule)
        self._text("author", pack.author, platform.author_rule)
        return self._result

    def _add(
        self, limit: str, text: str, *, sticker: int | None = None, fix: Fix | None = None
    ) -> bool:
        """Note a problem; whether it is settled."""
        key = self._platform.key
        settled = fix in AUTOMATIC or (fix is not None and self._pack.accepts(key, fix))
        self._result.problems.append(Problem(key, limit, text, sticker, fix, settled))
        return settled

    def _sticker(self, index: int, look: Look) -> bool | None:
        """Whether the sticker will move; None where it cannot be used."""
        number, platform = index + 1, self._platform
        if isinstance(look, StudioError):
            text = tr("Sticker {n}: {sentence}", n=number, sentence=str(look))
            self._add("source", text, sticker=index, fix="leave_out")
            return None
        if look.is_empty:
            text = tr("Sticker {n} is empty: all of it is transparent.", n=number)
            self._add("empty", text, sticker=index, fix="leave_out")
            return None
        self._emoji(index)
        moves = look.is_animated
        if platform.rule_for(animated=moves) is None:
            if not moves:
                text = tr(
                    "Sticker {n} does not move, and {platform} takes animated stickers only.",
                    n=number,
                    platform=platform.title,
                )
                self._add("kind", text, sticker=index, fix="leave_out")
                return None
            text = tr(
                "Sticker {n} is animated, and {platform} takes still ones only.",
                n=number,
                platform=platform.title,
            )
            self._add("kind", text, sticker=index, fix="first_frame")
            moves = False
        self._bytes(index, look, moves)
        return moves

    def _bytes(self, index: int, look: Facts, moves: bool) -> None:
        rule = self._platform.rule_for(animated=moves)
        if rule is None or rule.max_bytes is None or look.length <= rule.max_bytes:
            return
        text = tr(
            "Sticker {n}: {size} KB, the limit is {limit} KB. It will be fitted.",
            n=index + 1,
            size=kilobytes(look.length),
            limit=kilobytes(rule.max_bytes),
        )
        self._add("bytes", text, sticker=index, fix="fit")

    def _emoji(self, index: int) -> None:
        least, most = self._platform.emoji
        number = len(self._pack.stickers[index].emoji)
        if number < least:
            text = tr("Sticker {n} has no emoji yet; it needs one.", n=index + 1)
            self._add("emoji", text, sticker=index, fix="emoji")
        elif number > most:
            text = tr_n(
                "Sticker {number} has {has} emoji; only the first one is used.",
                "Sticker {number} has {has} emoji; only the first {n} are used.",
                most,
                number=index + 1,
                has=number,
            )
            self._add("emoji", text, sticker=index, fix="fewer_emoji")

    def _text(self, name: str, text: str, rule: TextRule | None) -> None:
        if rule is None:
            return
        text = clean_text(text)
        label = tr("The title") if name == "title" else tr("The author")
        if not text and rule.is_required:
            self._add(name, tr("{label} is missing.", label=label))
        elif (length := rule.length(text)) > rule.most:
            sentence = tr(
                "{label} has {n} characters; {limit} are allowed.",
                label=label,
                n=length,
                limit=rule.most,
            )
            self._add(name, sentence, fix="shorten")

    def _count(self, usable: Sequence[tuple[int, bool]]) -> None:
        platform = self._platform
        if not usable:
            self._add("count", tr("There is no sticker for {platform}.", platform=platform.title))
            return
        groups = [list(usable)]
        if not platform.is_mixed:
            halves = [[one for one in usable if one[1] == moves] for moves in (False, True)]
            groups = [half for half in halves if half]
            if len(groups) > 1:
                text = tr("Still and animated stickers become packs of their own.")
                self._add("kind", text, fix="split")
        for group in groups:
            self._deal(group)
        self._share()

    def _deal(self, group: list[tuple[int, bool]]) -> None:
        counts = self._platform.counts
        sizes = counts.deal(len(group))
        if sizes is None:
            fewer = next((n for n in range(len(group), 0, -1) if counts.deal(n)), 0)
            if not self._wrong_count(len(group), fewer, counts):
                return
            sizes = counts.deal(fewer) or ()
        if len(sizes) > 1:
            text = tr(
                "{n} stickers are more than the {most} of one pack: {parts} packs are made.",
                n=len(group),
                most=counts.most,
                parts=len(sizes),
            )
            self._add("count", text, fix="split")
        start = 0
        for size in sizes:
            self._result.parts.append(Part(tuple(group[start : start + size])))
            start += size

    def _wrong_count(self, number: int, fewer: int, counts: Counts) -> bool:
        """Note that `number` stickers make no pack; whether only `fewer` are wanted."""
        more = next(n for n in range(number + 1, number + counts.most + 1) if counts.deal(n))
        values = {
            "platform": self._platform.title,
            "allowed": allowed(counts),
            "number": number,
            "more": more - number,
        }
        if not fewer:
            text = tr(
                "{platform} takes {allowed} stickers; there are {number}. Add {more}.", **values
            )
            return self._add("count", text)
        text = tr(
            "{platform} takes {allowed} stickers; there are {number}. Add {more}, or leave out the "
            "last {rest}.",
            rest=number - fewer,
            **values,
        )
        return self._add("count", text, fix="leave_out")

    def _share(self) -> None:
        share = self._platform.moving_share
        for part in self._result.parts if share is not None else ():
            moving = sum(moves for _index, moves in part.stickers)
            if moving != share:
                text = tr(
                    "{platform} wants {share} animated stickers in a pack; there are {n}.",
                    platform=self._platform.title,
                    share=share,
                    n=moving,
                )
                self._add("kind", text)


def allowed(counts: Counts) -> str:
    """The numbers of stickers a pack may have, in words."""
    if counts.least == counts.most:
        return str(counts.most)
    if counts.step == 1:
        return tr("{least} to {most}", least=counts.least, most=counts.most)
    *others, last = (str(n) for n in range(counts.least, counts.most + 1, counts.step))
    return tr("{others} or {last}", others=", ".join(others), last=last)


def kilobytes(number: int) -> str:
    """Bytes as kB, so that what is over a limit never looks like the limit."""
    return f"{number / 1000:.1f}".removesuffix(".0")

"""Whether finished files pass: what a platform's own validator would look at."""

from __future__ import annotations

from collections.abc import Iterator

from stickerstudio.core.errors import StudioError
from stickerstudio.core.i18n import tr
from stickerstudio.finish.fit_place import Canvas, Timing
from stickerstudio.packs.check import Problem, allowed, kilobytes
from stickerstudio.packs.facts import Facts, inspect
from stickerstudio.packs.platform import FileRule, Finished, Item, Platform, TextRule

_SLACK_MS = 10  # formats count in hundredths of a second, or in frames of a thirtieth


def check_finished(pack: Finished, platform: Platform) -> list[Problem]:
    """What `platform` would refuse in `pack`, whose files are made; none where all is right."""
    return list(_Checker(platform).problems(pack))


class _Checker:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def problems(self, pack: Finished) -> Iterator[Problem]:
        """All of them."""
        moving = 0
        total = sum(len(item.data) for item in pack.items) + sum(map(len, pack.covers.values()))
        for index, item in enumerate(pack.items):
            facts, found = self._look(item, index)
            yield from found
            if facts is None:
                continue
            moving += facts.is_animated
            rule = self._platform.rule_for(animated=facts.is_animated)
            if rule is None:
                yield self._problem("kind", item.name, tr("This kind is not taken here."), index)
                continue
            for limit, text in _differences(facts, rule):
                yield self._problem(limit, item.name, text, index)
            least, most = self._platform.emoji
            if not least <= len(item.emoji) <= most:
                text = tr(
                    "{n} emoji; {least} to {most}.", n=len(item.emoji), least=least, most=most
                )
                yield self._problem("emoji", item.name, text, index)
        yield from self._counts(pack, moving)
        yield from self._covers(pack)
        yield from self._text("title", pack.title, self._platform.title_rule)
        yield from self._text("author", pack.author, self._platform.author_rule)
        most_bytes = self._platform.max_bytes
        if most_bytes is not None and total > most_bytes:
            text = _over(total, most_bytes)
            yield self._problem("bytes", tr("The whole pack"), text)

    def _problem(self, limit: str, what: str, text: str, sticker: int | None = None) -> Problem:
        sentence = tr("{what}: {sentence}", what=what, sentence=text)
        return Problem(self._platform.key, limit, sentence, sticker)

    def _look(self, item: Item, index: int) -> tuple[Facts | None, list[Problem]]:
        try:
            return inspect(item.data, item.name), []
        except StudioError as error:
            return None, [Problem(self._platform.key, "source", str(error), index)]

    def _counts(self, pack: Finished, moving: int) -> Iterator[Problem]:
        platform, number = self._platform, len(pack.items)
        if not platform.is_mixed and 0 < moving < number:
            text = tr("Still and animated stickers may not be mixed.")
            yield self._problem("kind", tr("The pack"), text)
        counts = platform.counts
        if not counts.allows(number):
            text = tr("{n} stickers; {allowed} are taken.", n=number, allowed=allowed(counts))
            yield self._problem("count", tr("The pack"), text)
        if platform.moving_share is not None and moving != platform.moving_share:
            text = tr("{n} move; {share} must.", n=moving, share=platform.moving_share)
            yield self._problem("kind", tr("The pack"), text)
        names = [item.name.casefold() for item in pack.items]
        for name in {name for name in names if names.count(name) > 1}:
            yield self._problem("name", name, tr("There are two of that name."))

    def _covers(self, pack: Finished) -> Iterator[Problem]:
        for role, rule in self._platform.covers.items():
            data = pack.covers.get(role)
            if data is None:
                yield self._problem("cover", role, tr("It is missing."))
                continue
            try:
                facts = inspect(data, role)
            except StudioError as error:
                yield self._problem("cover", role, str(error))
            else:
                for limit, text in _differences(facts, rule):
                    yield self._problem(limit, role, text)

    def _text(self, name: str, text: str, rule: TextRule | None) -> Iterator[Problem]:
        if rule is None:
            return
        label = tr("The title") if name == "title" else tr("The author")
        length = rule.length(text)
        if rule.is_required and not text:
            yield self._problem(name, label, tr("It is missing."))
        elif length > rule.most:
            sentence = tr("{n} characters; at most {most}.", n=length, most=rule.most)
            yield self._problem(name, label, sentence)


def _differences(facts: Facts, rule: FileRule) -> Iterator[tuple[str, str]]:
    """(limit, sentence) for each way in which a file is not what `rule` asks for."""
    formats = (rule.format, *rule.accepts)
    if facts.format not in formats and not (facts.format == "png" and rule.format == "apng"):
        names = ", ".join(name.upper() for name in formats)
        yield "format", tr("It must be {formats}.", formats=names)
    width, height = facts.size
    if not _is_size(facts.size, rule.canvas):
        text = tr(
            "{width} × {height} pixels; {wanted}.",
            width=width,
            height=height,
            wanted=_described(rule.canvas),
        )
        yield "size", text
    if rule.max_bytes is not None and facts.length > rule.max_bytes:
        yield "bytes", _over(facts.length, rule.max_bytes)
    if facts.is_empty:
        yield "empty", tr("All of it is transparent.")
    if rule.is_transparent and not facts.is_transparent:
        yield "alpha", tr("Its background must be transparent.")
    if rule.background is not None and facts.is_transparent:
        yield "alpha", tr("It must not be transparent.")
    if facts.metadata:
        names = ", ".join(facts.metadata)
        yield "metadata", tr("It holds more than its picture: {names}.", names=names)
    if rule.timing is not None:
        yield from _timing(facts, rule.timing)


def _timing(facts: Facts, timing: Timing) -> Iterator[tuple[str, str]]:
    most = timing.max_frames
    if facts.frames < timing.min_frames or (most is not None and facts.frames > most):
        limits = f"{timing.min_frames}–{most}" if most else f"≥ {timing.min_frames}"
        yield "frames", tr("{n} frames; {limits} are allowed.", n=facts.frames, limits=limits)
    repeats = max(1, facts.loop) if timing.loops != (0, 0) else 1
    if facts.total_ms * repeats > timing.max_ms + _SLACK_MS:
        text = tr(
            "It plays {seconds} seconds; at most {limit}.",
            seconds=facts.total_ms * repeats / 1000,
            limit=timing.max_ms / 1000,
        )
        yield "time", text
    shortest = max(timing.min_frame_ms, 1000 / timing.max_fps - 1 if timing.max_fps else 0)
    if facts.is_animated and facts.shortest_ms < shortest:
        text = tr("A frame is shown for {n} ms only.", n=facts.shortest_ms)
        yield "time", text
    low, high = timing.loops
    if facts.is_animated and (low, high) != (0, 0) and not low <= facts.loop <= high:
        yield "loops", tr("It plays {n} times; {low} to {high}.", n=facts.loop, low=low, high=high)
    if timing.whole_seconds and facts.total_ms % 1000:
        yield "time", tr("It must play for 1, 2, 3 or 4 whole seconds.")


def _is_size(size: tuple[int, int], canvas: Canvas) -> bool:
    if canvas.rule == "exact":
        return size == (canvas.width, canvas.height)
    return (
        size[0] <= canvas.width
        and size[1] <= canvas.height
        and max(size) >= canvas.min_longer
        and not (canvas.even and (size[0] % 2 or size[1] % 2))
    )


def _described(canvas: Canvas) -> str:
    size = f"{canvas.width} × {canvas.height}"
    if canvas.rule == "exact":
        return tr("exactly {size}", size=size)
    parts = [tr("at most {size}", size=size)]
    if canvas.min_longer:
        parts.append(tr("the longer side at least {n}", n=canvas.min_longer))
    if canvas.even:
        parts.append(tr("both even"))
    return ", ".join(parts)


def _over(size: int, limit: int) -> str:
    return tr(
        "{size} KB; at most {limit} KB: {over} KB too much.",
        size=kilobytes(size),
        limit=kilobytes(limit),
        over=kilobytes(size - limit),
    )

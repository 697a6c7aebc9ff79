"""What the blend was before: undo and redo of its changes. Pure, without clocks of its own."""

from __future__ import annotations

from collections.abc import Sequence

from stickerstudio.session.state import BlendEntry

Blend = tuple[BlendEntry, ...]

LIMIT = 200  # steps; beyond that nobody remembers what comes back
SAME_MOVE = 0.8  # seconds; notches of the wheel that follow each other within it are one move


class BlendHistory:
    """Told of every change, it decides which of them make one step.

    A drag, between `hold` and `release`, is one step. So are weights of one LoRA that follow each
    other within SAME_MOVE. LoRAs that came to the shelf or left it are no step: no undo brings a
    file back.
    """

    def __init__(self, blend: Blend) -> None:
        self._now = blend
        self._undo: list[Blend] = []
        self._redo: list[Blend] = []
        self._held = False
        self._open: str | None = None  # the LoRA whose changes still belong to the last step
        self._open_until = 0.0
        self._pending = False  # held, and nothing has changed yet

    def hold(self) -> None:
        """A hand has taken something: what it does until `release` is one step."""
        self._held = self._pending = True

    def release(self) -> None:
        """The hand has let go."""
        self._held = self._pending = False
        self._open = None

    def changed(self, blend: Blend, now: float) -> None:
        """The blend is `blend` from `now` on (seconds, of any clock that runs on)."""
        before, self._now = self._now, blend
        if _names(blend) != _names(before):
            return
        changes = [(old, new) for old, new in zip(before, blend, strict=True) if old != new]
        if not changes:
            return
        only = changes[0][1].name if len(changes) == 1 else None
        switched = any(old.enabled != new.enabled for old, new in changes)
        if self._held:
            starts, self._pending = self._pending, False
        else:
            starts = only is None or switched or only != self._open or now > self._open_until
            self._open, self._open_until = only, now + SAME_MOVE
        self._redo.clear()
        if starts:
            self._undo.append(before)
            del self._undo[:-LIMIT]

    def undo(self) -> Blend | None:
        """The blend before the last step, which is from now on the blend; None: there is none."""
        return self._step(self._undo, self._redo)

    def redo(self) -> Blend | None:
        """The blend as it was before the last undo; None: nothing was undone."""
        return self._step(self._redo, self._undo)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._redo)

    def _step(self, source: list[Blend], target: list[Blend]) -> Blend | None:
        self._open = None
        while source:
            blend = _brought_here(source.pop(), self._now)
            if blend != self._now:  # a slider that went and came back is no step
                target.append(self._now)
                self._now = blend
                return blend
        return None


def _names(blend: Sequence[BlendEntry]) -> list[str]:
    return [entry.name for entry in blend]


def _brought_here(blend: Blend, here: Blend) -> Blend:
    """`blend` with the LoRAs there are now; those that came since stay as they are."""
    known = {entry.name: entry for entry in blend}
    return tuple(known.get(entry.name, entry) for entry in here)

"""Which LoRAs of which layers to fold, from how long each LoRA's slider has rested.

Somebody who plays moves one slider and leaves the others alone. What rests can be folded into the
weights, so that only what moves is run beside them. How long it will rest nobody knows; a slider is
taken to rest twice as long again as it has rested. No picture waits longer for folding than it
would wait for the whole stack: what is left is folded before the next ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stickerstudio.engine.blend_stack import Stack
from stickerstudio.engine.fold import Fold
from stickerstudio.engine.fold_cost import (
    COSTS,
    FOLDABLE,
    Costs,
    Gain,
    Prices,
    Work,
    choose,
    prices,
)

_AGAIN = 2
"""The longest and the shortest rest that make sense: with 1, as much time is lost before folding as
folding takes; much more, and a slider that stops only for a moment is folded in vain."""

Choice = Mapping[str, frozenset[str]]
"""By layer, the LoRAs to fold."""


class FoldChoice:
    """Decides for the UNet's stack."""

    def __init__(self, stack: Stack, fold: Fold, room: int) -> None:
        """`room`: bytes of second copies of weights at most; 0: nothing is ever folded."""
        self._stack = stack
        self._fold = fold
        self._room = room
        self._levels = 1 + max(
            (int(n.split(".")[1]) for n in stack.modules if n.startswith("down_blocks.")),
            default=0,
        )
        self._prices: dict[str, Prices] = {}
        self._priced: object = None
        self._last: tuple[object, Choice] = (None, {})

    def forget(self) -> None:
        """The stack has other LoRAs now."""
        self._priced = None
        self._last = None, {}

    def for_work(self, work: Work) -> Choice:
        """What folding everything in use saves time over `work`; by `work` alone."""
        if not self._price(work):
            return {}
        key = work, frozenset(self._stack.members), tuple(self._stack.active)
        if self._last[0] != key:
            gains: dict[str, Gain] = {}
            wanted: dict[str, frozenset[str]] = {}
            for name, role in self._stack.roles.items():
                active = role.loras & self._stack.active[role.block]
                if active:
                    rank = self._stack.rank(name, active)
                    wanted[name] = active
                    gains[name] = self._prices[name].gain(
                        work.passes, running=rank, then=0, folded=rank
                    )
            chosen = choose(gains, self._room)
            self._last = key, {name: wanted[name] for name in chosen}
        return self._last[1]

    def for_rest(self, work: Work, rested: Mapping[str, int]) -> Choice:
        """What more to fold before `work`, while some sliders rest.

        Args:
            rested: by LoRA, the passes run since its slider moved.
        """
        if not self._price(work):
            return {}
        # Under a moving slider the same again, but that the others have rested longer: to look
        # whenever that has doubled is enough.
        ages = {lora: passes.bit_length() for lora, passes in rested.items()}
        key = work, frozenset(self._stack.members), *ages.items()
        if self._last[0] == key:
            return self._last[1]
        budget = 0.0
        gains: dict[str, Gain] = {}
        wanted: dict[str, frozenset[str]] = {}
        for role, names in self._stack.members.items():
            active = role.loras & self._stack.active[role.block]
            choices: dict[frozenset[str], int] = {}
            for age in {ages[lora] for lora in active}:
                resting = frozenset(lora for lora in active if ages[lora] >= age)
                if resting > role.folded:
                    known = min(rested[lora] for lora in resting)
                    choices[resting] = work.passes + _AGAIN * known
            for name in names:
                price, whole = self._prices[name], self._stack.rank(name, active)
                budget += work.passes * price.beside(whole)
                running = self._stack.rank(name, role.running) if choices else 0
                for resting, passes in choices.items():
                    rank = self._stack.rank(name, resting)
                    gain = price.gain(passes, running=running, then=whole - rank, folded=rank)
                    if name not in gains or gain.seconds > gains[name].seconds:
                        has_room = self._fold.has_room(name)
                        gains[name] = replace(gain, bytes=0) if has_room else gain
                        wanted[name] = resting
        chosen: dict[str, frozenset[str]] = {}
        worth = choose(gains, self._room - self._fold.bytes)
        for name in sorted(worth, key=lambda name: -gains[name].seconds):
            seconds = self._prices[name].folding(self._stack.rank(name, wanted[name]))
            if seconds <= budget:
                budget -= seconds
                chosen[name] = wanted[name]
        self._last = key, chosen
        return chosen

    def _price(self, work: Work) -> bool:
        """Have the prices at hand; False where nothing may be folded."""
        weight = self._stack.layer(next(iter(self._stack.parts))).weight
        costs: Costs | None = COSTS.get(weight.device.type)
        if costs is None or weight.dtype not in FOLDABLE or weight.is_inference():
            return False  # the last: torch lets nobody exchange what such a parameter holds
        key = work.batch, work.height, work.width, weight.device, weight.dtype
        if self._priced != key:
            self._prices = {
                name: prices(name, self._stack.layer(name), self._levels, work, costs)
                for name in self._stack.parts
            }
            self._priced = key
            self._last = None, {}
        return True

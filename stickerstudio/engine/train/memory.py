"""How a training is held in memory: estimated and said before it starts, and made smaller to fit.

The figures are on the safe side, for choosing. Activations are counted from what people report for
SDXL: about 9 GB for one picture at 512² in half precision kept whole, about 2 GB when each block is
computed again in the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stickerstudio.core.errors import MemoryShortError
from stickerstudio.core.i18n import tr

KEPT_VALUES = 17_000
"""Numbers kept per painted pixel for the backward pass of SDXL's UNet (9 GB at 512², 2 bytes)."""

RECOMPUTED_VALUES = 3_800
"""The same when blocks are computed again."""

SDXL_UNET = 2_567_463_684  # parameters; smaller UNets keep less, in proportion to their width
WORKSPACE = 700 * 10**6  # bytes: CUDA's context, cuDNN's workspaces, the allocator's slack
HEADROOM = 0.92  # of the free memory that a plan may count on


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        unet, text, vae: numbers in the modules.
        value_bytes: of one number of the frozen weights.
        learning: numbers that learn.
        pixels: of one picture.
        text_learns: the text encoders must stay on the device.
    """

    unet: int
    text: int
    vae: int
    value_bytes: int
    learning: int
    pixels: int
    text_learns: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to hold it.

    Attributes:
        batch: pictures in the memory at once; `accumulation` parts make one step.
        checkpointing: blocks are computed again in the backward pass.
        eight_bit: the optimiser keeps its moments in 8 bits.
        text_aside: text encoders and VAE wait in the computer's memory; captions are encoded there.
    """

    batch: int
    accumulation: int
    checkpointing: bool
    eight_bit: bool
    text_aside: bool

    def needed(self, wanted: Wanted) -> int:
        """Bytes at the highest point."""
        frozen = wanted.unet
        if not self.text_aside:
            frozen += wanted.text + wanted.vae
        # weights and gradients in float32, and two moments
        learning = wanted.learning * (4 + 4 + (2 if self.eight_bit else 8))
        width = min(1.0, (wanted.unet / SDXL_UNET) ** 0.5)
        values = RECOMPUTED_VALUES if self.checkpointing else KEPT_VALUES
        activations = values * width * wanted.pixels * self.batch * wanted.value_bytes
        return round(frozen * wanted.value_bytes + learning + activations)


def choose(
    wanted: Wanted,
    device: str,
    free: int,
    *,
    batch: int,
    accumulation: int,
    checkpointing: bool | None,
    eight_bit: bool,
) -> Plan:
    """The fastest plan that fits into `free` bytes, beginning with what was asked for.

    The number of pictures a step stays the same in every plan, and with it what is learned.

    Args:
        checkpointing: None lets the memory decide.
        eight_bit: whether such an optimiser is there.

    Raises:
        MemoryShortError: even the smallest plan is too large; names both figures.
    """
    room = free * HEADROOM - (WORKSPACE if device == "cuda" else 0)
    first = Plan(batch // accumulation, accumulation, bool(checkpointing), False, False)
    plans = [first]
    for plan in _smaller(first, device, eight_bit, wanted.text_learns, checkpointing is None):
        plans.append(plan)
    for plan in plans:
        if plan.needed(wanted) <= room:
            return plan
    smallest = plans[-1]
    raise MemoryShortError(
        tr("There is not enough memory to train this model."),
        tr(
            "Even one picture at a time needs {needed} GB; {free} GB are free.",
            needed=_gb(smallest.needed(wanted)),
            free=_gb(free),
        ),
        tr("Close other programs, choose a smaller model or a lower rank, or the starter model."),
    )


def _smaller(
    plan: Plan, device: str, eight_bit: bool, text_learns: bool, may_checkpoint: bool
) -> Iterator[Plan]:
    if device == "cuda" and not text_learns:
        plan = replace(plan, text_aside=True)
        yield plan
    if eight_bit:
        plan = replace(plan, eight_bit=True)
        yield plan
    if may_checkpoint and not plan.checkpointing:
        plan = replace(plan, checkpointing=True)
        yield plan
    while plan.batch > 1:
        parts = next(n for n in range(2, plan.batch + 1) if plan.batch % n == 0)
        plan = replace(plan, batch=plan.batch // parts, accumulation=plan.accumulation * parts)
        yield plan


def sentence(plan: Plan, wanted: Wanted, free: int, *, asked: Plan) -> str:
    """The plan in words, before it starts; says so where it is smaller than what was asked for."""
    said = tr(
        "It needs about {needed} GB of the {free} GB that are free.",
        needed=_gb(plan.needed(wanted)),
        free=_gb(free),
    )
    if plan == asked:
        return said
    return (
        said
        + " "
        + tr(
            "As fast as possible it would need {asked} GB, so it is held smaller: {batch} pictures "
            "at once, {parts} times a step.",
            asked=_gb(asked.needed(wanted)),
            batch=plan.batch,
            parts=plan.accumulation,
        )
    )


def _gb(count: int) -> str:
    return f"{count / 10**9:.1f}"

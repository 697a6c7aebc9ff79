"""The one model that is in memory: loaded, placed on its device, blended, and asked to paint."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, TypeVar

import PIL.Image
import torch

from stickerstudio.core.errors import MemoryShortError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.messages import IsCancelled
from stickerstudio.core.recipe import MAX_SEED, LoraWeight, Recipe
from stickerstudio.engine.blend import Blend
from stickerstudio.engine.counting import Counting
from stickerstudio.engine.device import Device, Machine, model_dtype
from stickerstudio.engine.fold_cost import Work
from stickerstudio.engine.loop import Loop, OnStep, Painting, Start
from stickerstudio.engine.memory import (
    MemoryPlan,
    choose_plan,
    fold_room,
    is_out_of_memory,
    need,
    step_down,
)
from stickerstudio.engine.moods import Moods
from stickerstudio.engine.noise import Variation
from stickerstudio.engine.pipeline import Model, examine, load
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.reading import ConceptReader, Reading
from stickerstudio.engine.styling import with_style
from stickerstudio.engine.words import KnownWords
from stickerstudio.finish.arrange import arrange
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.loras import LoraShelf

T = TypeVar("T")


class _Loaded(NamedTuple):
    """A LoRA in the blend: its file, what that looked like, and the words that call it."""

    path: Path
    stamp: object
    trigger_words: tuple[str, ...]


class ResidentModel:
    """A model ready to paint. When memory runs out it steps down to a smaller plan once.

    Args:
        card: of an installed model.
        sdxl: resources/sdxl; see engine.pipeline.

    Raises:
        UserSideError: the model cannot be read or does not fit; see engine.pipeline.examine.
    """

    def __init__(
        self, card: ModelCard, device: Device, machine: Machine, shelf: LoraShelf, sdxl: Path
    ) -> None:
        self.card = card
        self._known_words = KnownWords(card)
        self._moods = Moods(card)
        # what draws on any background, or knows the whole language, is left to count by itself
        self._counting = Counting(card) if card.concepts and card.background else None
        self._device = device
        self._shelf = shelf
        self._loaded: dict[str, _Loaded] = {}
        checkpoint = examine(card.installed_at(), sdxl)
        dtype = model_dtype(device, machine, checkpoint.dtype, checkpoint.parameters)
        try:
            model = load(
                checkpoint,
                dtype,
                sdxl,
                preview_decoder=card.preview_decoder,
                distilled=card.guidance_scale <= 1,
            )
        except Exception as error:
            if is_out_of_memory(error):
                raise _memory_short(device) from error
            raise
        self._placement = Placement(model.modules, device.type)
        plan, room = _plan_for(model, card, device, machine)
        self._blend = Blend({name: model.modules[name] for name in _BLENDED}, fold_room=room)
        self._loop = Loop(model, self._placement)
        self._reader = None
        if card.concept_layer is not None:
            encoders = (
                (model.tokenizer, model.text_encoder),
                (model.tokenizer_2, model.text_encoder_2),
            )
            self._reader = ConceptReader(encoders, self._placement, card, card.concept_layer)
        self._scale_factor = model.scale_factor
        self._with_room(lambda: self._placement.follow(plan))

    @property
    def plan(self) -> MemoryPlan:
        """How it is held in memory now."""
        return self._placement.plan

    def paint(
        self,
        recipe: Recipe,
        *,
        start: PIL.Image.Image | None,
        quick: bool,
        on_step: OnStep,
        is_cancelled: IsCancelled,
    ) -> PIL.Image.Image:
        """The picture of `recipe` as the model paints it: RGB, width × height, nothing cut out.

        Where the prompt asks for several of a thing, each is painted from a seed of its own.

        Args:
            start: the picture that recipe.start names, in the recipe's size.
            quick: a look before the picture: the preview decoder may be used, and LoRAs that have
                weight 0 now may stay loaded, for the sliders to come back to. Otherwise exactly the
                recipe's LoRAs are stacked, in the order of their names, and folded by the recipe
                alone, so that rounding, and with it every byte, is the same whatever was painted
                before or is ordered with it.

        Raises:
            Cancelled: `is_cancelled` said so.
            UserSideError: a LoRA is missing or does not fit, or the memory is too small.
        """
        self._with_room(lambda: self._set_blend(recipe.active_loras, exact=not quick))
        count, _ = self._counted(recipe)
        work = self._work(recipe, count * (1 if quick else _PICTURES_OF_AN_ORDER))
        self._with_room(lambda: self._blend.settle(work, exact=not quick))
        painting = Painting(
            prompt=with_style(
                self.reading(recipe)[0],
                recipe.seed,
                self.card.style_words,
                self.card.style_synonyms,
                self._triggers(recipe),
            ),
            negative_prompt=recipe.negative_prompt,
            seeds=_seeds(recipe.seed, count),
            num_inference_steps=recipe.num_inference_steps,
            guidance_scale=recipe.guidance_scale,
            width=recipe.width,
            height=recipe.height,
            start=None if start is None else Start(start, recipe.strength),
            variation=Variation(_seeds(recipe.variation_seed, count), recipe.variation_strength),
        )
        latents = self._with_room(
            lambda: self._loop.denoise(
                painting,
                text_key=self._blend.text_key(),
                on_step=on_step,
                is_cancelled=is_cancelled,
            )
        )
        pixels = self._with_room(
            lambda: self._loop.decode(latents, quick=quick, is_cancelled=is_cancelled),
            decoding=True,
        )
        pictures = [PIL.Image.fromarray(each) for each in pixels]
        if len(pictures) == 1:
            return pictures[0]
        assert self.card.background is not None  # or nothing would have been counted
        return arrange(pictures, self.card.background)

    def reading(self, recipe: Recipe) -> Reading:
        """Its prompt as it is painted under the present blend; see engine.moods and .reading."""
        prompt, changed = self._moods.spelled_out(self._counted(recipe)[1])
        if self._reader is None:
            return prompt, changed
        key, triggers = self._blend.text_key(), self._triggers(recipe)
        prompt, read = self._reader.reworded(prompt, key, triggers)
        return prompt, changed + read

    def unknown_words(self, recipe: Recipe) -> tuple[str, ...]:
        """The words of its prompt that the model does not know; see engine.words."""
        return self._known_words.unknown(self._counted(recipe)[1])

    def _counted(self, recipe: Recipe) -> tuple[int, str]:
        """How many drawings its prompt asks for, and the prompt of each."""
        if self._counting is None or recipe.start is not None:
            return 1, recipe.prompt
        return self._counting.counted(recipe.prompt)

    def _triggers(self, recipe: Recipe) -> list[str]:
        strongest = sorted(recipe.active_loras, key=lambda lora: -abs(lora.weight))
        return [word for lora in strongest for word in self._loaded[lora.name].trigger_words]

    def _work(self, recipe: Recipe, pictures: int) -> Work:
        steps = recipe.num_inference_steps
        if recipe.start is not None:
            steps = max(1, int(steps * recipe.strength))
        return Work(
            passes=steps * pictures,
            batch=2 if recipe.guidance_scale > 1 else 1,
            height=recipe.height // self._scale_factor,
            width=recipe.width // self._scale_factor,
        )

    def _set_blend(self, loras: Sequence[LoraWeight], *, exact: bool) -> None:
        names = sorted(lora.name for lora in loras)
        for name, loaded in list(self._loaded.items()):
            if (
                name in names and _stamp(loaded.path) != loaded.stamp
            ):  # replaced on disk since it was loaded
                self._unload(name)
        if exact:
            for name in set(self._loaded).difference(names):
                self._unload(name)
            pairs = zip(self._blend.names, names, strict=False)
            in_place = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
            for name in self._blend.names[in_place:]:
                self._unload(name)
        for name in names:
            if name not in self._loaded:
                info = self._shelf.find(name)
                stamp = _stamp(info.path)
                self._blend.add(name, info.path)
                self._loaded[name] = _Loaded(info.path, stamp, info.trigger_words)
        self._blend.set_weights(
            {lora.name: lora.weight for lora in loras},
            {lora.name: {block.block: block.weight for block in lora.blocks} for lora in loras},
        )

    def _unload(self, name: str) -> None:
        self._blend.remove(name)
        del self._loaded[name]

    def _with_room(self, work: Callable[[], T], *, decoding: bool = False) -> T:
        """Do `work`; when memory runs out do it once more under a smaller plan.

        Raises:
            MemoryShortError: it ran out again, or no smaller plan is left.
        """
        try:
            return work()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            smaller = step_down(self.plan, self._device.type, decoding=decoding)
            if smaller is None:
                raise _memory_short(self._device) from error
        # outside of the handler: its traceback held on to the tensors that were too many
        _give_back(self._device)
        try:
            self._placement.follow(smaller)
            return work()
        except Exception as error:
            if is_out_of_memory(error):
                raise _memory_short(self._device) from error
            raise


_BLENDED = ("unet", "text_encoder", "text_encoder_2")
_NEXT_SEED = 1_000_003
"""From one drawing's seed to the next one's; an order's stickers are one apart."""

_PICTURES_OF_AN_ORDER = 4
"""What an order is taken for, whatever its count: a blend that is kept is seldom kept once, and the
same recipe must give the same bytes in any order."""


def _seeds(first: int, count: int) -> list[int]:
    """Those of the drawings of one page."""
    return [(first + place * _NEXT_SEED) % (MAX_SEED + 1) for place in range(count)]


def _plan_for(
    model: Model, card: ModelCard, device: Device, machine: Machine
) -> tuple[MemoryPlan, int]:
    """How to hold the model, and how many bytes are left for folded weights (engine.fold)."""
    sizes = {
        name: sum(weight.numel() * weight.element_size() for weight in module.parameters())
        for name, module in model.modules.items()
    }
    wanted = need(
        sizes,
        *card.size,
        value_bytes=model.dtype.itemsize,
        vae_value_bytes=model.vae.dtype.itemsize,
    )
    # on a CPU the weights are in the computer's memory already, or mapped from their file
    free = machine.free_bytes
    if device.type == "cuda" and machine.gpu is not None:
        free = machine.gpu.free_bytes
    plan = choose_plan(device.type, wanted, free)
    return plan, fold_room(plan, wanted, free)


def _stamp(path: Path) -> object:
    """Changes when the file does."""
    with disk_errors(path):
        status = path.stat()
    return status.st_mtime_ns, status.st_size


def _give_back(device: Device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _memory_short(device: Device) -> MemoryShortError:
    return MemoryShortError(
        tr("There is not enough memory for this picture."),
        tr(
            "{device} ran out of memory, even when the model was held in parts.", device=device.name
        ),
        tr("Close other programs, choose a smaller picture or model, or another device."),
    )

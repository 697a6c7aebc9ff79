"""A warm sticker's time over the sum of its module forwards, and over the stock pipeline's call.

    python -m benchmarks.warm_sticker [--model NAME|PATH] [--rounds N]

"Warm": the model is loaded and the prompt has been encoded once. The modules alone are the very
UNet and VAE calls of the sticker, made again with the same inputs. All ways are measured in turns,
so that a busy machine slows all of them; the numbers are medians. Bar: our loop ≤ 1.10 × modules.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import torch

from stickerstudio.core.errors import NotFoundError
from stickerstudio.core.messages import Event, Order
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import Recipe
from stickerstudio.engine.device import choose, model_dtype, probe
from stickerstudio.engine.loop import Loop, Painting
from stickerstudio.engine.pipeline import Model, examine, load
from stickerstudio.engine.placement import Placement
from stickerstudio.engine.studio import Studio
from stickerstudio.models.cards import ModelCard
from stickerstudio.models.catalogue import Catalogue

BAR = 1.10
PROMPT = "I love you, otter, dm-sticker"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        paths = Paths.under(Path(scratch))
        card = card_or_tiny(paths, arguments.model, Path(scratch))
        for steps in sorted({1, card.default_steps}):
            _measure(paths, card, steps, arguments.rounds)


def _measure(paths: Paths, card: ModelCard, steps: int, rounds: int) -> None:
    machine = probe()
    device = choose("auto", machine)
    checkpoint = examine(card.installed_at(), paths.resources / "sdxl")
    dtype = model_dtype(device, machine, checkpoint.dtype, checkpoint.parameters)
    model = load(checkpoint, dtype, paths.resources / "sdxl")
    placement = Placement(model.modules, device.type)
    placement.follow(placement.plan)
    loop = Loop(model, placement)
    width, height = card.size
    painting = Painting(PROMPT, (7,), steps, card.guidance_scale, width, height)
    recipe = Recipe(
        PROMPT,
        seed=7,
        num_inference_steps=steps,
        guidance_scale=card.guidance_scale,
        width=width,
        height=height,
        model=card.name,
    )
    studio = Studio(paths)
    stock = stock_pipeline(model)
    calls = record_calls(model, lambda: loop.decode(loop.denoise(painting)))

    def sync() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    @torch.inference_mode()
    def modules() -> None:
        for call, args, kwargs in calls:
            call(*args, **kwargs)
        sync()

    def ours() -> None:
        PIL.Image.fromarray(loop.decode(loop.denoise(painting))[0])

    def whole() -> None:
        # another seed each time, so that nothing but the prompt can have been kept
        events: list[Event] = []
        studio.run(
            Order(1, replace(recipe, seed=time.perf_counter_ns() % 2**32)), events.append, _never
        )

    def call_pipe() -> None:
        stock(
            PROMPT,
            num_inference_steps=steps,
            guidance_scale=card.guidance_scale,
            width=width,
            height=height,
            generator=torch.Generator("cpu").manual_seed(7),
        )

    ways: dict[str, Callable[[], None]] = {
        "modules alone": modules,
        "our loop": ours,
        "studio, with cut-out and PNG": whole,
        "stock pipe()": call_pipe,
    }
    times = _in_turns(list(ways.values()), rounds)
    print(f"\n{card.name}, {width}×{height}, {steps} step(s), {device.name}, {dtype}")
    for way, taken in zip(ways, times, strict=True):
        ratio = statistics.median(t / b for t, b in zip(taken, times[0], strict=True))
        print(f"  {way:30} {statistics.median(taken) * 1000:8.1f} ms   {ratio:5.2f} × modules")
    ratio = statistics.median(o / b for o, b in zip(times[1], times[0], strict=True))
    verdict = "met" if ratio <= BAR else "MISSED"
    print(f"  bar: our loop ≤ {BAR:.2f} × modules: {verdict}")
    studio.close()


def _in_turns(ways: Sequence[Callable[[], None]], rounds: int) -> list[list[float]]:
    """Seconds of each way in each round, after one round that does not count."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds + 1):
        for index, way in enumerate(ways):
            began = time.perf_counter()
            way()
            if turn > 0:
                times[index].append(time.perf_counter() - began)
    return times


def record_calls(model: Model, paint: Callable[[], object]) -> list[tuple[Any, Any, Any]]:
    """The UNet and VAE calls that `paint` makes, with their inputs."""
    calls: list[tuple[Any, Any, Any]] = []
    decode = model.vae.decode

    def note_unet(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        calls.append((module, args, kwargs))

    def note_decode(*args: Any, **kwargs: Any) -> Any:
        calls.append((decode, args, kwargs))
        return decode(*args, **kwargs)

    hook = model.unet.register_forward_pre_hook(note_unet, with_kwargs=True)
    model.vae.decode = note_decode
    paint()
    del model.vae.decode  # the class's own again
    hook.remove()
    return calls


def stock_pipeline(model: Model) -> Any:
    """diffusers' own pipeline over the same modules."""
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
        StableDiffusionXLPipeline,
    )

    pipe = StableDiffusionXLPipeline(
        vae=model.vae,
        text_encoder=model.text_encoder,
        text_encoder_2=model.text_encoder_2,
        tokenizer=model.tokenizer,
        tokenizer_2=model.tokenizer_2,
        unet=model.unet,
        scheduler=model.scheduler,
        force_zeros_for_empty_prompt=model.force_zeros_for_empty_prompt,
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def card_or_tiny(paths: Paths, name: str, scratch: Path) -> ModelCard:
    """The model `name`; where it is not there, the tests' tiny SDXL, saved below `scratch`."""
    catalogue = Catalogue(paths)
    try:
        card = catalogue.find(name)
        card.installed_at()
    except NotFoundError as error:
        print(f"{error}\nTaking a tiny random SDXL instead.")
        from tests.engine.tiny_sdxl import build_pipeline

        build_pipeline().save_pretrained(scratch / "tiny")
        card = catalogue.find(str(scratch / "tiny"))
    return card


def _never() -> bool:
    return False


if __name__ == "__main__":
    main()

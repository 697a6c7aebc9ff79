"""Our loop paints what the stock pipelines paint, stops when told, and does nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

from stickerstudio.core.errors import BadInputError, Cancelled
from stickerstudio.engine.loop import Loop, Painting, Start
from stickerstudio.engine.pipeline import Model
from stickerstudio.engine.placement import Placement
from tests.engine.tiny_sdxl import build_pipeline

PROMPT = "a red heart"


def model_of(pipe: Any, preview_decoder: Any = None) -> Model:
    return Model(
        unet=pipe.unet,
        vae=pipe.vae,
        text_encoder=pipe.text_encoder,
        text_encoder_2=pipe.text_encoder_2,
        tokenizer=pipe.tokenizer,
        tokenizer_2=pipe.tokenizer_2,
        scheduler=pipe.scheduler,
        preview_decoder=preview_decoder,
        force_zeros_for_empty_prompt=pipe.config.force_zeros_for_empty_prompt,
        dtype=pipe.unet.dtype,
    )


def loop_of(pipe: Any, preview_decoder: Any = None) -> Loop:
    model = model_of(pipe, preview_decoder)
    return Loop(model, Placement(model.modules, "cpu"))


def painting(**changes: Any) -> Painting:
    values: dict[str, Any] = {
        "prompt": PROMPT,
        "seeds": (7,),
        "num_inference_steps": 2,
        "guidance_scale": 0.0,
        "width": 32,
        "height": 32,
    }
    return Painting(**{**values, **changes})


def ours(pipe: Any, wish: Painting) -> np.ndarray:
    loop = loop_of(pipe)
    return loop.decode(loop.denoise(wish))


def stock(pipe: Any, wish: Painting) -> np.ndarray:
    arguments: dict[str, Any] = {
        "prompt": wish.prompt,
        "negative_prompt": wish.negative_prompt or None,
        "num_inference_steps": wish.num_inference_steps,
        "num_images_per_prompt": len(wish.seeds),
        "guidance_scale": wish.guidance_scale,
        "generator": [torch.Generator("cpu").manual_seed(seed) for seed in wish.seeds],
        "output_type": "pil",
    }
    if wish.start is None:
        arguments |= {"width": wish.width, "height": wish.height}
    else:
        pipe = StableDiffusionXLImg2ImgPipeline(**pipe.components)
        pipe.set_progress_bar_config(disable=True)
        arguments |= {"image": wish.start.image, "strength": wish.start.strength}
    return np.stack([np.asarray(image) for image in pipe(**arguments).images])


def levels_apart(one: np.ndarray, other: np.ndarray) -> int:
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def euler(pipe: Any) -> None:
    pipe.scheduler = EulerDiscreteScheduler.from_config(
        pipe.scheduler.config, timestep_spacing="leading", steps_offset=1
    )


def ddim(pipe: Any) -> None:
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)


def euler_ancestral_trailing(pipe: Any) -> None:
    assert pipe.scheduler.config.timestep_spacing == "trailing"


SAMPLERS = [euler_ancestral_trailing, euler, ddim]


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("seeds", [(7,), (7, 8, 9, 10)], ids=["batch 1", "batch 4"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_picture_as_the_stock_pipeline(
    sampler: Callable[[Any], None], seeds: tuple[int, ...], steps: int
) -> None:
    pipe = build_pipeline()
    sampler(pipe)
    wish = painting(seeds=seeds, num_inference_steps=steps)
    assert levels_apart(ours(pipe, wish), stock(pipe, wish)) <= 1


@pytest.mark.parametrize("negative", ["", "blue cat"])
@pytest.mark.parametrize("zeros", [True, False], ids=["zeros", "empty prompt"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_picture_under_guidance(
    sampler: Callable[[Any], None], zeros: bool, negative: str
) -> None:
    pipe = build_pipeline(force_zeros_for_empty_prompt=zeros)
    sampler(pipe)
    wish = painting(guidance_scale=5.0, negative_prompt=negative, seeds=(7, 8))
    assert levels_apart(ours(pipe, wish), stock(pipe, wish)) <= 1


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_picture_from_velocity_predictions(sampler: Callable[[Any], None]) -> None:
    pipe = build_pipeline("v_prediction")
    sampler(pipe)
    wish = painting(num_inference_steps=4)
    assert levels_apart(ours(pipe, wish), stock(pipe, wish)) <= 1


@pytest.mark.parametrize(("steps", "strength"), [(1, 1.0), (2, 0.5), (4, 0.8)])
@pytest.mark.parametrize("seeds", [(7,), (7, 8, 9, 10)], ids=["batch 1", "batch 4"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_picture_from_a_picture(
    sampler: Callable[[Any], None], seeds: tuple[int, ...], steps: int, strength: float
) -> None:
    pipe = build_pipeline()
    sampler(pipe)
    start = Start(a_picture(), strength)
    wish = painting(start=start, seeds=seeds, num_inference_steps=steps)
    assert levels_apart(ours(pipe, wish), stock(pipe, wish)) <= 1


def test_same_picture_from_a_model_that_takes_guidance_as_an_input() -> None:
    pipe = build_pipeline(unet={"time_cond_proj_dim": 32})
    wish = painting(guidance_scale=8.0)
    picture = ours(pipe, wish)
    assert levels_apart(picture, stock(pipe, wish)) <= 1
    assert levels_apart(picture, ours(pipe, painting(guidance_scale=2.0))) > 4


def test_latent_statistics_of_a_vae_are_used(tiny: StableDiffusionXLPipeline) -> None:
    plain = ours(tiny, painting())
    tiny.vae.register_to_config(latents_mean=[0.1, 0.2, -0.1, 0.0], latents_std=[2.0, 1.0, 1.5, 3])
    for wish in (painting(), painting(start=Start(a_picture(), 0.5))):
        assert levels_apart(ours(tiny, wish), stock(tiny, wish)) <= 1
    assert levels_apart(ours(tiny, painting()), plain) > 4


def test_a_seed_gives_the_same_sticker_in_any_batch(tiny: StableDiffusionXLPipeline) -> None:
    alone = [ours(tiny, painting(seeds=(seed,)))[0] for seed in (7, 8, 9, 10)]
    together = ours(tiny, painting(seeds=(7, 8, 9, 10)))
    for one, other in zip(alone, together, strict=True):
        assert levels_apart(one, other) <= 1
    assert levels_apart(alone[0], alone[1]) > 4


def test_a_start_with_alpha_lies_on_white(tiny: StableDiffusionXLPipeline) -> None:
    clear = PIL.Image.new("RGBA", (16, 24), (255, 0, 0, 0))
    white = PIL.Image.new("RGB", (32, 32), "white")
    one, other = (ours(tiny, painting(start=Start(image, 0.5))) for image in (clear, white))
    assert np.array_equal(one, other)


def test_a_known_prompt_is_not_encoded_again(tiny: StableDiffusionXLPipeline) -> None:
    loop = loop_of(tiny)
    calls = count_calls(tiny.text_encoder)
    loop.denoise(painting())
    loop.denoise(painting(seeds=(8, 9)))
    assert calls == [1]
    loop.denoise(painting(), text_key="another text encoder weight")
    assert calls == [2]
    loop.denoise(painting(prompt="otter"))
    assert calls == [3]


def test_progress_counts_the_steps(tiny: StableDiffusionXLPipeline) -> None:
    told: list[tuple[int, int]] = []
    loop_of(tiny).denoise(
        painting(num_inference_steps=3), on_step=lambda step, steps: told.append((step, steps))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_cancel_before_the_encoding(tiny: StableDiffusionXLPipeline) -> None:
    calls = count_calls(tiny.text_encoder)
    with pytest.raises(Cancelled):
        loop_of(tiny).denoise(painting(), is_cancelled=lambda: True)
    assert calls == [0]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_cancel_before_each_step(tiny: StableDiffusionXLPipeline, after: int) -> None:
    loop = loop_of(tiny)
    loop.denoise(painting())  # so that the prompt is known
    calls = count_calls(tiny.unet)
    with pytest.raises(Cancelled):
        loop.denoise(painting(num_inference_steps=4), is_cancelled=lambda: calls == [after])
    assert calls == [after]
    again = loop.decode(loop.denoise(painting()))  # and nothing of it stays behind
    assert np.array_equal(again, ours(tiny, painting()))


def test_cancel_before_the_decoding(tiny: StableDiffusionXLPipeline) -> None:
    loop = loop_of(tiny)
    latents = loop.denoise(painting())
    calls = count_calls(tiny.vae.decoder)
    with pytest.raises(Cancelled):
        loop.decode(latents, is_cancelled=lambda: True)
    assert calls == [0]


def test_a_quick_look_uses_the_small_decoder(tiny: StableDiffusionXLPipeline) -> None:
    torch.manual_seed(0)
    small = AutoencoderTiny(
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).eval()
    loop = loop_of(tiny, small)
    latents = loop.denoise(painting())
    calls = count_calls(tiny.vae.decoder)
    quick = loop.decode(latents, quick=True)
    assert calls == [0]
    with torch.inference_mode():
        expected = small.decode(latents, return_dict=False)[0]
    expected = ((expected[0] * 0.5 + 0.5).clamp(0, 1) * 255).round().permute(1, 2, 0)
    assert np.array_equal(quick[0], expected.numpy().astype(np.uint8))
    assert not np.array_equal(quick, loop.decode(latents))
    assert calls == [1]


def test_a_quick_look_without_a_small_decoder_is_the_picture(
    tiny: StableDiffusionXLPipeline,
) -> None:
    loop = loop_of(tiny)
    latents = loop.denoise(painting())
    assert np.array_equal(loop.decode(latents, quick=True), loop.decode(latents))


def test_overflowing_numbers_are_a_sentence(tiny: StableDiffusionXLPipeline) -> None:
    loop = loop_of(tiny)
    latents = loop.denoise(painting())
    for bad in (float("nan"), float("inf")):
        with pytest.raises(BadInputError, match="closer to 0"):
            loop.decode(latents * bad)


def test_a_size_between_the_blocks_is_refused(tiny: StableDiffusionXLPipeline) -> None:
    with pytest.raises(BadInputError, match="such as 32"):
        loop_of(tiny).denoise(painting(width=33))


@pytest.mark.parametrize("prompt", ["", "a " * 5000, "❤️🦦", "紅心", "قلب أحمر", "\x00\u202e"])
def test_any_prompt_gives_a_picture(tiny: StableDiffusionXLPipeline, prompt: str) -> None:
    wish = painting(prompt=prompt, num_inference_steps=1)
    assert levels_apart(ours(tiny, wish), stock(tiny, wish)) <= 1


def a_picture() -> PIL.Image.Image:
    ramp = np.linspace(0, 255, 32, dtype=np.uint8)
    red, green = np.meshgrid(ramp, ramp)
    return PIL.Image.fromarray(np.stack([red, green, 255 - red], axis=-1))


def count_calls(module: torch.nn.Module) -> list[int]:
    """A list whose one number grows with every real forward pass of `module`."""
    calls = [0]

    def count(*_: object) -> None:
        calls[0] += 1

    module.register_forward_pre_hook(count)
    return calls

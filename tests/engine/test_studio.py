"""The studio from an order to a sticker in the library, on a tiny real SDXL."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import PIL.Image
import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)

from stickerstudio.core import starts
from stickerstudio.core.errors import BadInputError
from stickerstudio.core.library import Library, read_recipe
from stickerstudio.core.messages import (
    Event,
    IsCancelled,
    Job,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelLoaded,
    ModelLoading,
    Order,
    PreviewReady,
    PreviewRequest,
    Progress,
    Sketch,
    StickerReady,
    Warm,
)
from stickerstudio.core.paths import Paths
from stickerstudio.core.recipe import BLOCKS, MAX_SEED, BlockWeight, LoraWeight, Recipe
from stickerstudio.engine import resident
from stickerstudio.engine.memory import MemoryPlan
from stickerstudio.engine.studio import Studio, create
from stickerstudio.finish.arrange import arrange
from stickerstudio.finish.cutout import apply_cutout, cut_out
from stickerstudio.finish.enlarge import enlarge, enlarge_both
from tests.engine.conftest import write_card
from tests.engine.lora_files import make_lora
from tests.engine.tiny_sdxl import build_pipeline

E = TypeVar("E")

RECIPE = Recipe("a red heart", seed=7, num_inference_steps=2, width=64, height=64, cutout=False)


@pytest.fixture
def studio(studio_paths: Paths) -> Iterator[Studio]:
    made = Studio(studio_paths, "cpu")
    made.start()
    yield made
    made.close()


@pytest.fixture
def loras(studio_paths: Paths) -> Path:
    """Two LoRAs on the user's shelf, "bold" (UNet) and "words" (text encoders too)."""
    studio_paths.loras.mkdir(parents=True)
    components = build_pipeline().components
    modules: Any = {name: components[name] for name in ("unet", "text_encoder", "text_encoder_2")}
    make_lora(studio_paths.loras / "bold.safetensors", modules, seed=1)
    make_lora(studio_paths.loras / "words.safetensors", modules, seed=2, text=True)
    return studio_paths.loras


def run(studio: Studio, job: Job, is_cancelled: IsCancelled = lambda: False) -> list[Event]:
    events: list[Event] = []
    studio.run(job, events.append, is_cancelled)
    return events


def of(kind: type[E], events: list[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def pixels(studio: Studio, recipe: Recipe = RECIPE) -> np.ndarray:
    (ready,) = of(StickerReady, run(studio, Order(1, recipe)))
    return np.asarray(PIL.Image.open(ready.sticker.path))


def failure(events: list[Event]) -> JobFailed:
    failed = events[-1]
    assert isinstance(failed, JobFailed)
    return failed


# --- the way of one sticker ---


def test_an_order_tells_all_that_happens(studio: Studio) -> None:
    events = run(studio, Order(3, RECIPE, count=2))
    kinds = [type(event) for event in events]
    one = [Progress, Progress, StickerReady]
    assert kinds == [ModelLoading, ModelLoaded, *one, *one, JobDone]
    assert {event.job_id for event in events if not isinstance(event, type)} == {3}  # pyright: ignore[reportAttributeAccessIssue]
    told = of(Progress, events)
    assert [(p.index, p.count, p.step, p.steps) for p in told] == [
        (0, 2, 1, 2), (0, 2, 2, 2), (1, 2, 1, 2), (1, 2, 2, 2),
    ]  # fmt: skip
    assert all(p.seconds_left > 0 for p in told)
    assert told[-1].seconds_left < told[0].seconds_left
    (loaded,) = of(ModelLoaded, events)
    assert loaded.memory_plan in set(MemoryPlan)


def test_a_sticker_is_on_disk_before_it_is_shown(studio: Studio, studio_paths: Paths) -> None:
    seen: list[Recipe | None] = []

    def emit(event: Event) -> None:
        if isinstance(event, StickerReady):
            with Library(studio_paths.library) as other_window:
                assert other_window.get(event.sticker.id).path == event.sticker.path
            seen.append(read_recipe(event.sticker.path))

    studio.run(Order(1, RECIPE, count=2), emit, lambda: False)
    assert seen == [RECIPE.for_index(0), RECIPE.for_index(1)]


def test_the_picture_is_the_stock_pipelines(studio: Studio) -> None:
    output: Any = build_pipeline()(
        RECIPE.prompt,
        num_inference_steps=2,
        guidance_scale=0.0,
        width=64,
        height=64,
        generator=torch.Generator("cpu").manual_seed(7),
    )
    apart = np.asarray(output.images[0]).astype(int) - pixels(studio)[..., :3]
    assert np.abs(apart).max() <= 1


def test_the_same_recipe_gives_the_same_bytes(
    studio: Studio, studio_paths: Paths, loras: Path
) -> None:
    blend = replace(RECIPE, loras=(LoraWeight("words", 0.5), LoraWeight("bold", 0.7)))
    first = pixels(studio, blend)
    run(studio, PreviewRequest(2, replace(RECIPE, loras=(LoraWeight("words", 1.0),))))
    pixels(studio, replace(RECIPE, loras=(LoraWeight("words", 1.0),)))
    assert np.array_equal(pixels(studio, blend), first)
    (_, third) = of(StickerReady, run(studio, Order(3, replace(blend, seed=6), count=2)))
    assert np.array_equal(np.asarray(PIL.Image.open(third.sticker.path)), first)
    other = Studio(studio_paths, "cpu")
    other.start()
    assert np.array_equal(pixels(other, blend), first)
    other.close()


def test_a_model_is_loaded_once(studio: Studio) -> None:
    assert of(ModelLoaded, run(studio, Warm(1, "starter")))
    for job in (Warm(2, "starter"), Order(3, RECIPE), PreviewRequest(4, RECIPE)):
        assert not of(ModelLoading, run(studio, job))


def test_another_model_takes_its_place(studio: Studio, studio_paths: Paths) -> None:
    other = studio_paths.bundled_models / "other"
    build_pipeline(seed=5).save_pretrained(other)
    write_card(other)
    first = pixels(studio)
    assert not np.array_equal(pixels(studio, replace(RECIPE, model="other")), first)
    assert np.array_equal(pixels(studio), first)
    assert not np.array_equal(pixels(studio, replace(RECIPE, model=str(other))), first)


def test_a_model_replaced_on_disk_is_loaded_anew(studio: Studio, studio_paths: Paths) -> None:
    first = pixels(studio)
    folder = studio_paths.bundled_models / "starter"
    shutil.rmtree(folder)
    build_pipeline(seed=5).save_pretrained(folder)
    write_card(folder)
    assert not np.array_equal(pixels(studio), first)


# --- previews ---


@pytest.mark.parametrize("kind", [PreviewRequest, Sketch])
def test_a_preview_is_the_stickers_pixels_and_keeps_nothing(
    studio: Studio, studio_paths: Paths, kind: type[PreviewRequest | Sketch]
) -> None:
    recipe = replace(RECIPE, prompt="love, zebra", cutout=True)
    events = run(studio, kind(1, recipe))
    (ready,) = of(PreviewReady, events)
    assert isinstance(events[-1], JobDone)
    picture = PIL.Image.frombytes("RGBA", (ready.width, ready.height), ready.rgba)
    assert np.array_equal(np.asarray(picture), pixels(studio, recipe))
    assert ready.unknown_words == ("zebra",)
    with Library(studio_paths.library) as library:
        assert library.count() == 1  # the order's


def test_cut_out_and_enlargement_follow_the_recipe(studio: Studio) -> None:
    run(studio, Warm(1, "starter"))
    paint_on_white(studio)
    whole = pixels(studio)
    assert whole.shape[2] == 3 or whole[..., 3].min() == 255
    cut = pixels(studio, replace(RECIPE, cutout=True))
    assert cut.shape == (64, 64, 4)
    assert cut[0, 0, 3] == 0
    assert cut[32, 32, 3] == 255
    assert pixels(studio, replace(RECIPE, upscale=2)).shape[:2] == (128, 128)


def test_the_painted_picture_is_kept_under_its_cut_out(studio: Studio, studio_paths: Paths) -> None:
    run(studio, Warm(1, "starter"))
    paint_on_white(studio)
    whole = pixels(studio)
    recipe = replace(RECIPE, cutout=True, cutout_method="flat")
    (cut,) = of(StickerReady, run(studio, Order(1, recipe)))
    (plain,) = of(StickerReady, run(studio, Order(1, RECIPE)))
    with Library(studio_paths.library) as library:
        painted = np.asarray(library.painted(cut.sticker.id).picture.convert("RGB"))
        assert np.array_equal(painted, whole[..., :3])
        assert library.design(cut.sticker.id).cutout.method == "flat"
        assert library.design(plain.sticker.id).cutout.method == "none"


def test_the_way_to_cut_out_is_the_recipes(studio: Studio) -> None:
    run(studio, Warm(1, "starter"))
    paint_on_white(studio)
    whole = PIL.Image.fromarray(pixels(studio)[..., :3])
    for method in ("flat", "model", "auto"):
        cut = pixels(studio, replace(RECIPE, cutout=True, cutout_method=method))
        assert np.array_equal(cut, np.asarray(cut_out(whole, (255, 255, 255), method))), method


def test_an_enlarged_sticker_is_drawn_sharper_and_its_progress_told(studio: Studio) -> None:
    small = PIL.Image.fromarray(pixels(studio)[..., :3])
    recipe = replace(RECIPE, upscale=2)
    events = run(studio, Order(1, recipe))
    (ready,) = of(StickerReady, events)
    made = np.asarray(PIL.Image.open(ready.sticker.path).convert("RGB"))
    assert np.array_equal(made, np.asarray(enlarge(small, 2)))
    told = of(Progress, events)
    assert len(told) > RECIPE.num_inference_steps
    assert {p.step for p in told[RECIPE.num_inference_steps :]} == {RECIPE.num_inference_steps}
    assert told[-1].seconds_left == 0
    (quick,) = of(PreviewReady, run(studio, PreviewRequest(2, recipe)))
    assert (quick.width, quick.height) == (128, 128)


def test_a_sticker_is_cut_out_before_it_is_enlarged(studio: Studio, studio_paths: Paths) -> None:
    run(studio, Warm(1, "starter"))
    paint_on_white(studio)
    small = PIL.Image.fromarray(pixels(studio)[..., :3])
    recipe = replace(RECIPE, upscale=2, cutout=True, cutout_method="flat")
    (ready,) = of(StickerReady, run(studio, Order(1, recipe)))
    picture, mask = enlarge_both(small, cut_out(small, (255, 255, 255), "flat"), 2)
    with Library(studio_paths.library) as library:
        kept = library.painted(ready.sticker.id)
        design = library.design(ready.sticker.id)
    assert kept.mask is not None
    assert kept.mask.tobytes() == mask.tobytes()
    assert kept.picture.convert("RGB").tobytes() == picture.tobytes()
    made = np.asarray(PIL.Image.open(ready.sticker.path))
    assert np.array_equal(made, np.asarray(apply_cutout(kept.picture, design.cutout, kept.mask)))
    assert made[..., 3].min() == 0


def test_a_cancel_while_enlarging_keeps_nothing(studio: Studio, studio_paths: Paths) -> None:
    events: list[Event] = []
    recipe = replace(RECIPE, upscale=4, width=256, height=256, num_inference_steps=1)
    studio.run(
        Order(1, recipe), events.append, lambda: len(of(Progress, events)) > 1
    )  # the second is of the first tile
    assert isinstance(events[-1], JobCancelled)
    with Library(studio_paths.library) as library:
        assert library.count() == 0


# --- from a picture, and near a picture ---


def test_a_sticker_painted_from_a_picture_is_the_stock_pipelines(
    studio: Studio, studio_paths: Paths
) -> None:
    photo = PIL.Image.radial_gradient("L").resize((96, 48)).convert("RGB")
    digest = starts.keep(studio_paths.library, photo)
    recipe = replace(RECIPE, start=digest, strength=0.8, num_inference_steps=4)
    on_white = PIL.Image.new("RGB", (64, 64), "white")
    on_white.paste(photo.resize((64, 32), PIL.Image.Resampling.LANCZOS), (0, 16))
    pipe: Any = StableDiffusionXLImg2ImgPipeline(**build_pipeline().components)
    expected = pipe(
        recipe.prompt,
        image=on_white,
        strength=0.8,
        num_inference_steps=4,
        guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    made = pixels(studio, recipe)[..., :3]
    assert np.abs(np.asarray(expected).astype(int) - made).max() <= 1
    assert not np.array_equal(pixels(studio)[..., :3], made)


def test_the_ground_of_a_start_is_the_cards(studio: Studio, studio_paths: Paths) -> None:
    clear = starts.keep(studio_paths.library, PIL.Image.new("RGBA", (9, 9), (255, 0, 0, 0)))
    green = starts.keep(studio_paths.library, PIL.Image.new("RGB", (9, 9), "green"))
    write_card(studio_paths.bundled_models / "starter", background="green")
    on_ground, whole = (pixels(studio, replace(RECIPE, start=each)) for each in (clear, green))
    assert np.array_equal(on_ground, whole)


def test_a_slider_over_a_start_encodes_it_once(
    studio: Studio, studio_paths: Paths, loras: Path
) -> None:
    digest = starts.keep(studio_paths.library, PIL.Image.linear_gradient("L"))
    run(studio, Warm(1, "starter"))
    calls: list[None] = []
    hook_on(studio, "vae.encoder", lambda: calls.append(None))
    recipe = replace(RECIPE, start=digest)
    for weight in (0.2, 0.4):
        moved = replace(recipe, loras=(LoraWeight("bold", weight),))
        run(studio, PreviewRequest(2, moved))
    assert len(calls) == 1
    pixels(studio, replace(recipe, width=128))
    assert len(calls) == 2


def test_a_start_that_is_gone_is_a_sentence(studio: Studio) -> None:
    failed = failure(run(studio, Order(1, replace(RECIPE, start="0" * 64))))
    assert failed.error.kind == "NotFoundError"


def test_a_variation_lies_between_two_seeds(studio: Studio) -> None:
    one_step = replace(RECIPE, num_inference_steps=1)
    own, other = (pixels(studio, replace(one_step, seed=seed)) for seed in (7, 8))
    turned = [
        pixels(studio, replace(one_step, variation_seed=8, variation_strength=share))
        for share in (0.0, 0.02, 0.5, 1.0)
    ]
    assert np.array_equal(turned[0], own)
    assert np.abs(turned[3].astype(int) - other).max() <= 1
    apart = [np.abs(each.astype(int) - own).mean() for each in turned]
    assert apart == sorted(apart)
    assert 0 < apart[1] < 0.2 * apart[3]


def test_variations_of_a_batch_are_the_seeds_that_follow(studio: Studio) -> None:
    recipe = replace(RECIPE, variation_seed=8, variation_strength=0.5)
    (one, two) = of(StickerReady, run(studio, Order(1, recipe, count=2)))
    alone = pixels(studio, replace(recipe, variation_seed=9))
    assert np.array_equal(np.asarray(PIL.Image.open(two.sticker.path)), alone)
    assert not np.array_equal(np.asarray(PIL.Image.open(one.sticker.path)), alone)


# --- blending ---


def test_a_slider_changes_the_next_picture(studio: Studio, loras: Path) -> None:
    base = pixels(studio)
    for name in ("bold", "words"):
        changed = pixels(studio, replace(RECIPE, loras=(LoraWeight(name, 1.0),)))
        assert np.abs(changed.astype(int) - base).max() > 8, name
    assert np.array_equal(pixels(studio), base)


def test_a_lora_at_weight_0_is_not_even_looked_for(studio: Studio) -> None:
    base = pixels(studio)
    absent = replace(RECIPE, loras=(LoraWeight("no such file", 0.0),))
    assert np.array_equal(pixels(studio, absent), base)


def test_a_lora_replaced_on_disk_is_read_anew(studio: Studio, loras: Path) -> None:
    recipe = replace(RECIPE, loras=(LoraWeight("bold", 1.0),))
    first = pixels(studio, recipe)
    shutil.copy(loras / "words.safetensors", loras / "bold.safetensors")
    assert not np.array_equal(pixels(studio, recipe), first)


def test_weights_per_block_reach_the_picture(studio: Studio, loras: Path) -> None:
    base = pixels(studio)
    bold = LoraWeight("bold", 1.0)
    none = tuple(BlockWeight(block, 0.0) for block in BLOCKS)
    some = (BlockWeight("up.attention", 0.2),)
    whole, part, out = (
        pixels(studio, replace(RECIPE, loras=(replace(bold, blocks=blocks),)))
        for blocks in ((), some, none)
    )
    assert np.array_equal(out, base)
    assert not np.array_equal(part, whole)
    assert not np.array_equal(part, base)


def test_an_order_of_many_steps_is_folded_and_a_moved_slider_is_not(
    studio: Studio, loras: Path
) -> None:
    recipe = replace(RECIPE, num_inference_steps=8, loras=(LoraWeight("bold", 0.7),))
    first = pixels(studio, recipe)
    blend = resident_of(studio)._blend
    assert blend.folded
    moved = replace(recipe, loras=(LoraWeight("bold", 0.71),))
    run(studio, PreviewRequest(2, replace(moved, num_inference_steps=1)))
    assert np.array_equal(pixels(studio, recipe), first)


# --- several of a thing ---


def test_several_of_a_thing_are_painted_from_seeds_of_their_own_and_laid_out(
    studio: Studio,
) -> None:
    one = replace(RECIPE, prompt="red heart")
    first, second = pixels(studio, one), pixels(studio, replace(one, seed=RECIPE.seed + 1_000_003))
    assert not np.array_equal(first, second)
    both = arrange([PIL.Image.fromarray(each).convert("RGB") for each in (first, second)], "white")
    made = pixels(studio, replace(one, prompt="two red hearts"))
    # painted in one batch, whose rounding is another
    assert np.abs(made[..., :3].astype(int) - np.asarray(both)).max() <= 2


def test_the_recipe_keeps_the_number_and_no_word_of_it_is_unknown(studio: Studio) -> None:
    several = replace(RECIPE, prompt="three red hearts")
    (ready,) = of(StickerReady, run(studio, Order(1, several)))
    assert read_recipe(ready.sticker.path) == several
    (preview,) = of(PreviewReady, run(studio, PreviewRequest(2, several)))
    assert preview.unknown_words == ()


def test_the_largest_seed_has_a_next_one(studio: Studio) -> None:
    assert pixels(studio, replace(RECIPE, prompt="two red hearts", seed=MAX_SEED)).any()


def test_a_mood_is_painted_by_the_thing_that_shows_it(studio_paths: Paths) -> None:
    heart, zzz = {"en": "red heart"}, {"en": "zzz"}
    write_card(
        studio_paths.bundled_models / "starter", concepts=[heart, zzz], moods={"sleepy": "zzz"}
    )
    studio = Studio(studio_paths, "cpu")
    said = replace(RECIPE, prompt="sleepy red heart")
    (preview,) = of(PreviewReady, run(studio, PreviewRequest(1, said)))
    assert preview.unknown_words == ()
    assert preview.read_as == (("sleepy", "zzz"),)
    named = pixels(studio, replace(RECIPE, prompt="red heart with zzz"))
    assert np.array_equal(pixels(studio, said), named)
    studio.close()


# --- cancel and failure ---


def test_cancel_keeps_what_was_made(studio: Studio, studio_paths: Paths) -> None:
    events: list[Event] = []
    studio.run(Order(1, RECIPE, count=4), events.append, lambda: len(of(StickerReady, events)) == 2)
    assert isinstance(events[-1], JobCancelled)
    with Library(studio_paths.library) as library:
        assert library.count() == 2


def test_a_cancel_before_the_start_does_nothing(studio: Studio) -> None:
    assert run(studio, Order(1, RECIPE), lambda: True) == [JobCancelled(1)]


@pytest.mark.parametrize(
    ("recipe", "kind", "words"),
    [
        (replace(RECIPE, model="starlet"), "NotFoundError", "starter"),
        (replace(RECIPE, loras=(LoraWeight("bald", 1.0),)), "NotFoundError", "bald"),
        (replace(RECIPE, model="/no/such/model"), "NotFoundError", "model"),
    ],
)
def test_what_is_missing_is_named(studio: Studio, recipe: Recipe, kind: str, words: str) -> None:
    failed = failure(run(studio, Order(1, recipe)))
    assert failed.error.kind == kind
    assert words in str(failed.error.to_error())
    assert not failed.error.details
    assert isinstance(run(studio, Order(2, RECIPE))[-1], JobDone)  # and the next job goes well


def test_a_lora_for_another_model_leaves_the_studio_working(
    studio: Studio, studio_paths: Paths
) -> None:
    studio_paths.loras.mkdir(parents=True)
    wider = build_pipeline(unet={"block_out_channels": (32, 96), "attention_head_dim": (2, 6)})
    make_lora(studio_paths.loras / "wide.safetensors", {"unet": wider.unet})
    base = pixels(studio)
    failed = failure(run(studio, Order(1, replace(RECIPE, loras=(LoraWeight("wide", 1.0),)))))
    assert failed.error.kind == "WrongModelError"
    assert np.array_equal(pixels(studio), base)


def test_a_full_disk_fails_the_rest_and_keeps_the_first(
    studio_paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(studio_paths.library)
    add = library.add

    def add_until_full(*args: Any, **kwargs: Any) -> Any:
        if library.count() == 1:
            raise_no_space()
        return add(*args, **kwargs)

    monkeypatch.setattr(library, "add", add_until_full)
    studio = Studio(studio_paths, "cpu", library=library)
    studio.start()
    events = run(studio, Order(1, RECIPE, count=3))
    assert failure(events).error.kind == "DiskError"
    assert len(of(StickerReady, events)) == library.count() == 1
    studio.close()
    assert library.count() == 1  # it was given to the studio, and stays open
    library.close()


def test_a_fault_of_ours_carries_its_traceback(studio: Studio) -> None:
    run(studio, Warm(1, "starter"))
    hook_on(studio, "unet", lambda: (_ for _ in ()).throw(ZeroDivisionError("by zero")))
    failed = failure(run(studio, Order(2, RECIPE)))
    assert failed.error.is_fault
    assert "ZeroDivisionError" in failed.error.details
    assert "by zero" in failed.error.why


# --- memory ---


def test_out_of_memory_while_decoding_steps_down_once_and_goes_on(studio: Studio) -> None:
    run(studio, Warm(1, "starter"))
    runs_out = Shortage(times=1)
    hook_on(studio, "vae.decoder", runs_out)
    assert isinstance(run(studio, Order(2, RECIPE))[-1], JobDone)
    assert runs_out.asked == 2
    model = resident_of(studio)
    assert model.plan is MemoryPlan.TILED
    assert isinstance(run(studio, Order(3, RECIPE))[-1], JobDone)
    assert resident_of(studio) is model  # and it stays so


def test_out_of_memory_twice_is_told(studio: Studio) -> None:
    run(studio, Warm(1, "starter"))
    runs_out = Shortage(times=2)
    hook_on(studio, "vae.decoder", runs_out)
    failed = failure(run(studio, Order(2, RECIPE)))
    assert failed.error.kind == "MemoryShortError"
    assert runs_out.asked == 2
    assert isinstance(run(studio, Order(3, RECIPE))[-1], JobDone)  # there is room again


def test_out_of_memory_in_the_unet_is_told_where_nothing_can_be_moved_out(studio: Studio) -> None:
    run(studio, Warm(1, "starter"))
    hook_on(studio, "unet", Shortage(times=1))
    assert failure(run(studio, Order(2, RECIPE))).error.kind == "MemoryShortError"


def test_tiles_change_little_in_a_large_picture(studio: Studio) -> None:
    large = replace(RECIPE, width=288, height=64, num_inference_steps=1)
    whole = pixels(studio, large)
    hook_on(studio, "vae.decoder", Shortage(times=1))
    tiled = pixels(studio, large)
    assert resident_of(studio).plan is MemoryPlan.TILED
    assert not np.array_equal(whole, tiled)
    assert np.abs(whole.astype(int) - tiled).mean() < 16


# --- the process around it ---


def test_an_impossible_device_is_refused_at_the_start(studio_paths: Paths) -> None:
    if not torch.cuda.is_available():
        with pytest.raises(BadInputError):
            Studio(studio_paths, "cuda").start()
    ready = Studio(studio_paths, "cpu").start()
    assert (ready.device, ready.dtype) == ("cpu", "float32")
    assert ready.reason
    assert ready.seconds > 0


def test_it_can_be_sent_to_a_child_and_costs_nothing_before_the_start() -> None:
    assert pickle.loads(pickle.dumps(create)) is create
    code = (
        "import sys; from stickerstudio.engine.studio import create; "
        "from stickerstudio.core.paths import Paths; from pathlib import Path; "
        "create(Paths.under(Path('nowhere')), 'auto'); "
        "print([m for m in ('torch', 'diffusers', 'transformers', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_nothing_touches_the_network(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert isinstance(run(studio, Order(1, RECIPE))[-1], JobDone)
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def raise_no_space() -> None:
    from stickerstudio.core.errors import disk_errors

    with disk_errors(Path("library")):
        raise OSError(28, "No space left on device")


class Shortage:
    """Memory that runs out the first `times` times it is asked for, as torch says it."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked = 0

    def __call__(self) -> None:
        self.asked += 1
        if self.asked <= self.times:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def resident_of(studio: Studio) -> resident.ResidentModel:
    assert studio._resident is not None
    return studio._resident


def module_of(studio: Studio, name: str) -> torch.nn.Module:
    return resident_of(studio)._placement._modules[name]


def hook_on(studio: Studio, path: str, act: Callable[[], object]) -> None:
    """Have `act` called before each real forward pass of the module at `path`."""
    name, _, inner = path.partition(".")
    module = module_of(studio, name)
    (module.get_submodule(inner) if inner else module).register_forward_pre_hook(lambda *_: act())


def paint_on_white(studio: Studio) -> None:
    """Have the model in memory paint a white margin around its pictures, as the starter does."""

    def add_margin(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        framed = torch.ones_like(output)
        framed[..., 12:-12, 12:-12] = output[..., 12:-12, 12:-12]
        return framed

    module_of(studio, "vae").get_submodule("decoder").register_forward_hook(add_margin)

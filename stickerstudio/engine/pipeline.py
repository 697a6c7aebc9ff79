"""Load a model of the SDXL architecture: a diffusers folder or a single .safetensors checkpoint.

Only safetensors is opened, headers are checked before tensors are mapped, and nothing asks the
network: what a single checkpoint lacks (configurations, the CLIP vocabulary) comes with the program
in resources/sdxl. Weights are mapped, not read, where the file's dtype is the one to compute in.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import diffusers.utils.logging
import torch
import transformers.utils.logging
from diffusers.loaders.single_file_utils import SingleFileComponentError
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.schedulers.scheduling_euler_ancestral_discrete import (
    EulerAncestralDiscreteScheduler,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from safetensors import SafetensorError
from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from stickerstudio.core.errors import (
    BadFileError,
    NotFoundError,
    StudioError,
    WrongModelError,
    disk_errors,
)
from stickerstudio.core.i18n import tr
from stickerstudio.engine.clip_vocabulary import read_tokenizer
from stickerstudio.engine.device import vae_dtype
from stickerstudio.engine.memory import is_out_of_memory
from stickerstudio.models.identify import weight_files
from stickerstudio.models.safetensors_header import read_header

# Their bars and notes would fill the log, and the command line's standard error.
for _library in (diffusers.utils.logging, transformers.utils.logging):
    _library.disable_progress_bar()
    _library.set_verbosity_error()

_UNREADABLE = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    SafetensorError,
    SingleFileComponentError,
)
"""What diffusers and transformers raise about a model whose files do not add up."""

WEIGHTED = ("unet", "vae", "text_encoder", "text_encoder_2")
_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model on disk whose headers have been checked.

    Attributes:
        location: a diffusers folder or a .safetensors file.
        dtype: what most of its numbers are stored as, in torch's words.
        parameters: how many numbers it has, all modules together.
        force_upcast: whether its VAE overflows in float16.
    """

    location: Path
    dtype: str
    parameters: int
    force_upcast: bool


@dataclass(slots=True)
class Model:
    """The parts of one SDXL pipeline, ready to run but not yet on their device.

    Modules of diffusers are `Any`, because it declares their configuration a plain dict.

    Attributes:
        unet, vae: UNet2DConditionModel, AutoencoderKL.
        scheduler: one of diffusers' schedulers.
        preview_decoder: an AutoencoderTiny (TAESD), or None.
        force_zeros_for_empty_prompt: an absent negative prompt is zeros, not the empty prompt.
        dtype: of everything but the VAE, which may have to be float32.
    """

    unet: Any
    vae: Any
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection
    tokenizer: CLIPTokenizer
    tokenizer_2: CLIPTokenizer
    scheduler: Any
    preview_decoder: Any
    force_zeros_for_empty_prompt: bool
    dtype: torch.dtype

    @property
    def modules(self) -> dict[str, torch.nn.Module]:
        """Everything with weights, by the names of diffusers' layout."""
        named = {name: getattr(self, name) for name in (*WEIGHTED, "preview_decoder")}
        return {name: module for name, module in named.items() if module is not None}

    @property
    def scale_factor(self) -> int:
        """Pixels of the picture per pixel of the latents, along one side."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)


def examine(location: Path, sdxl: Path) -> Checkpoint:
    """Check the model at `location` without reading a tensor; `sdxl` is resources/sdxl.

    Raises:
        NotFoundError, DiskError: it, or a part of it, is missing or cannot be read.
        BadFileError: a file is damaged or cut off, or is a pickle (UnsafeFileError).
        WrongModelError: it is not a text-to-image model of the SDXL architecture.
    """
    if location.is_dir():
        index = _config(location, "model_index.json")
        kind = str(index.get("_class_name"))
        if not kind.startswith("StableDiffusionXL") or "text_encoder" not in index:
            raise _other_architecture(location, kind.removesuffix("Pipeline"))
        for part in WEIGHTED:
            _config(location / part, "config.json")
        files = [file for part in WEIGHTED for file in weight_files(location, part)]
        vae_config = _config(location / "vae", "config.json")
    else:
        files = [location]
        vae_config = _config(sdxl / "vae", "config.json")
    sizes: Counter[str] = Counter()
    for file in files:
        for tensor in read_header(file).tensors.values():
            sizes[tensor.dtype] += math.prod(tensor.shape)
    # fp8 and the like are for storage only: float16 holds them exactly
    dtype = _DTYPES.get(sizes.most_common(1)[0][0], "float16") if sizes else "float32"
    return Checkpoint(location, dtype, sizes.total(), bool(vae_config.get("force_upcast", True)))


def load(
    checkpoint: Checkpoint,
    dtype: str,
    sdxl: Path,
    *,
    preview_decoder: str | None = None,
    distilled: bool = True,
) -> Model:
    """Load what `examine` accepted, into the computer's memory.

    Args:
        dtype: torch's name of the dtype to compute in; see engine.device.
        sdxl: resources/sdxl, for what a single checkpoint lacks.
        preview_decoder: a folder with an AutoencoderTiny, relative to a model folder.
        distilled: a single checkpoint says nothing of its schedule; few-step models get
            SDXL-Turbo's (Euler ancestral, trailing), the others SDXL's (Euler, leading).

    Raises:
        As `examine`, for what only shows when the tensors are read.
    """
    location = checkpoint.location
    number = getattr(torch, dtype)
    vae_number = getattr(torch, vae_dtype(dtype, checkpoint.force_upcast))
    with _as_sentences(location):
        if location.is_dir():
            model = _load_folder(location, number, vae_number)
        else:
            model = _load_file(location, number, sdxl, distilled=distilled)
            model.vae.to(vae_number)
        if preview_decoder is not None and location.is_dir():
            with disk_errors(location / preview_decoder):
                (location / preview_decoder).stat()
            model.preview_decoder = AutoencoderTiny.from_pretrained(
                location / preview_decoder,
                torch_dtype=number,
                use_safetensors=True,
                local_files_only=True,
            )
    if model.unet.config.in_channels != model.vae.config.latent_channels:
        raise _other_architecture(location, tr("SDXL for inpainting or editing"))
    for name, module in model.modules.items():
        for key, weight in module.named_parameters():
            if weight.is_meta:  # a single checkpoint had nothing to put there
                raise _damaged(location, tr("{name} is missing", name=f"{name}.{key}"))
        module.eval().requires_grad_(False)
    return model


def _load_folder(folder: Path, dtype: torch.dtype, vae_number: torch.dtype) -> Model:
    index = _config(folder, "model_index.json")
    return Model(
        unet=_part(UNet2DConditionModel, folder, "unet", dtype),
        vae=_part(AutoencoderKL, folder, "vae", vae_number),
        text_encoder=_part(CLIPTextModel, folder, "text_encoder", dtype),
        text_encoder_2=_part(CLIPTextModelWithProjection, folder, "text_encoder_2", dtype),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
        tokenizer_2=CLIPTokenizer.from_pretrained(folder / "tokenizer_2", local_files_only=True),
        scheduler=_scheduler(folder),
        preview_decoder=None,
        force_zeros_for_empty_prompt=bool(index.get("force_zeros_for_empty_prompt", True)),
        dtype=dtype,
    )


def _part(cls: Any, folder: Path, part: str, dtype: torch.dtype) -> Any:
    """One module by its own class, refusing weights that do not fill it completely."""
    file = weight_files(folder, part)[0]
    variant = re.sub(
        r"^(diffusion_pytorch_)?model|-\d+-of-\d+|\.safetensors$", "", file.name
    ).lstrip(".")
    # diffusers and transformers name this argument differently
    dtype_argument = "dtype" if part.startswith("text") else "torch_dtype"
    module, info = cls.from_pretrained(
        folder / part,
        variant=variant or None,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
        **{dtype_argument: dtype},
    )
    missing = sorted(set(info["missing_keys"]) | {str(key) for key in info["mismatched_keys"]})
    if missing:
        raise BadFileError(
            tr("The model in {folder} is not complete.", folder=folder),
            tr(
                "{file} lacks {n} tensors, among them {name}.",
                file=f"{part}/{file.name}",
                n=len(missing),
                name=missing[0],
            ),
            tr("Copy or download it again."),
        )
    return module


def _scheduler(folder: Path) -> Any:
    name = str(_config(folder / "scheduler", "scheduler_config.json").get("_class_name"))
    cls = getattr(diffusers, name, None)
    if not (isinstance(cls, type) and issubclass(cls, SchedulerMixin)):
        raise WrongModelError(
            tr("The model in {folder} cannot be used.", folder=folder),
            tr("It asks for the sampler {name}, which is not known here.", name=name),
            tr("Update Sticker Studio, or choose another model."),
        )
    return cls.from_pretrained(folder / "scheduler", local_files_only=True)


def _load_file(file: Path, dtype: torch.dtype, sdxl: Path, *, distilled: bool) -> Model:
    keys = read_header(file).tensors.keys()
    pipe: Any = StableDiffusionXLPipeline.from_single_file(
        file.as_posix(),
        config=sdxl.as_posix(),
        local_files_only=True,
        torch_dtype=dtype,
        tokenizer=read_tokenizer(sdxl, "tokenizer"),
        tokenizer_2=read_tokenizer(sdxl, "tokenizer_2"),
        scheduler=_sdxl_scheduler(distilled, velocity="v_pred" in keys, zero_snr="ztsnr" in keys),
        add_watermarker=False,
    )
    return Model(
        unet=pipe.unet,
        vae=pipe.vae,
        text_encoder=pipe.text_encoder,
        text_encoder_2=pipe.text_encoder_2,
        tokenizer=pipe.tokenizer,
        tokenizer_2=pipe.tokenizer_2,
        scheduler=pipe.scheduler,
        preview_decoder=None,
        force_zeros_for_empty_prompt=bool(pipe.config.force_zeros_for_empty_prompt),
        dtype=dtype,
    )


def _sdxl_scheduler(distilled: bool, *, velocity: bool, zero_snr: bool) -> Any:
    """The schedule of a checkpoint without one; "v_pred" and "ztsnr" are marks in its keys."""
    common: dict[str, Any] = {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "prediction_type": "v_prediction" if velocity else "epsilon",
        "rescale_betas_zero_snr": zero_snr,
    }
    if distilled or zero_snr:  # a zero-terminal schedule only works from its very end
        return EulerAncestralDiscreteScheduler(timestep_spacing="trailing", **common)
    return EulerDiscreteScheduler(timestep_spacing="leading", steps_offset=1, **common)


def _config(folder: Path, name: str) -> dict[str, Any]:
    file = folder / name
    with disk_errors(file):
        if not file.is_file():
            raise NotFoundError(
                tr("The model in {folder} is not complete.", folder=folder),
                tr("{what} is missing.", what=name),
                tr("Copy or download it again."),
            )
        text = file.read_bytes()
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        raise _damaged(folder, f"{name}: {error}") from error
    return data


@contextmanager
def _as_sentences(location: Path) -> Iterator[None]:
    """What the libraries raise about a model's files, worded for the user."""
    try:
        yield
    except StudioError:
        raise
    except (PermissionError, FileNotFoundError):
        with disk_errors(location):
            raise
    except _UNREADABLE as error:
        if is_out_of_memory(error):
            raise
        raise _damaged(location, str(error).strip().split("\n")[0]) from error


def _damaged(location: Path, why: str) -> BadFileError:
    return BadFileError(
        tr("The model in {folder} is damaged.", folder=location),
        tr("It says: {reason}.", reason=why.rstrip(".")),
        tr("Copy or download it again."),
    )


def _other_architecture(location: Path, name: str) -> WrongModelError:
    return WrongModelError(
        tr("{name} cannot be used as a model.", name=location.name),
        tr("It is {kind}; Sticker Studio runs models of the SDXL architecture.", kind=name),
        tr("Choose an SDXL or SDXL-Turbo model. A LoRA is added as a LoRA."),
    )

"""The names kohya's trainer gives to layers, and the header it writes. Read by every other tool.

Blocks keep diffusers' names behind kohya's prefixes ("lora_unet_down_blocks_1_…"): diffusers,
ComfyUI and A1111 read them so, and unlike the original names of SDXL's blocks they also name the
convolutions, and the layers of miniatures.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from stickerstudio.training.captions import frequencies
from stickerstudio.training.dataset import TrainingSet
from stickerstudio.training.settings import TrainingSettings

_PREFIXES = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}


def module_name(layer: str) -> str:
    """ "unet.mid_block.attentions.0.proj_in" → "lora_unet_mid_block_attentions_0_proj_in"."""
    part, _, inner = layer.partition(".")
    if part != "unet" and not inner.startswith("text_model."):
        inner = f"text_model.{inner}"  # transformers drops the level that kohya's names have
    return f"{_PREFIXES[part]}_{inner.replace('.', '_')}"


def header(
    settings: TrainingSettings,
    data: TrainingSet,
    *,
    size: tuple[int, int],
    base_title: str,
    base_digest: str,
    prediction: str,
    step: int,
    date: str,
    version: str,
    weight: float,
    preview: bytes,
) -> dict[str, str]:
    """What the file says about itself: kohya's ss_*, Stability's modelspec.*, and our own.

    Args:
        prediction: "epsilon" or "v_prediction".
        step: the weights are those after so many steps.
        date: ISO 8601.
        weight: the recommended one.
        preview: a WebP.
    """
    frequency = frequencies([picture.captions for picture in data.pictures], settings.trigger)
    folder = f"1_{settings.name}"
    count = str(len(data.pictures))
    data_url = "data:image/webp;base64," + base64.b64encode(preview).decode()
    texts: dict[str, str] = {
        "format": "pt",
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.title": settings.name,
        "modelspec.author": settings.author,
        "modelspec.license": settings.licence,
        "modelspec.date": date,
        "modelspec.trigger_phrase": settings.trigger,
        "modelspec.resolution": f"{size[0]}x{size[1]}",
        "modelspec.prediction_type": "v" if prediction == "v_prediction" else "epsilon",
        "modelspec.thumbnail": data_url,
        "ss_output_name": settings.name,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(settings.rank),
        "ss_network_alpha": str(settings.alpha),
        "ss_base_model_version": "sdxl_base_v1-0",
        "ss_sd_model_name": settings.model,
        "ss_v2": "False",
        "ss_steps": str(step),
        "ss_max_train_steps": str(settings.steps),
        "ss_learning_rate": str(settings.learning_rate),
        "ss_text_encoder_lr": str(settings.text_learning_rate if settings.text_encoders else 0.0),
        "ss_lr_scheduler": settings.decay,
        "ss_lr_warmup_steps": str(settings.warmup),
        "ss_total_batch_size": str(settings.batch),
        "ss_gradient_accumulation_steps": str(settings.accumulation),
        "ss_min_snr_gamma": str(settings.min_snr if settings.loss == "ordinary" else None),
        "ss_caption_dropout_rate": str(settings.caption_dropout),
        "ss_shuffle_caption": str(settings.shuffle_tags),
        "ss_flip_aug": str(settings.flips),
        "ss_seed": str(settings.seed),
        "ss_resolution": str(size),
        "ss_num_train_images": count,
        "ss_dataset_dirs": json.dumps({folder: {"n_repeats": 1, "img_count": int(count)}}),
        "ss_tag_frequency": json.dumps({folder: frequency}, ensure_ascii=False),
        "stickerstudio.version": version,
        "stickerstudio.base_model": settings.model,
        "stickerstudio.base_title": base_title,
        "stickerstudio.base_sha256": base_digest,
        "stickerstudio.data_sha256": data.digest,
        "stickerstudio.loss": settings.loss,
        "stickerstudio.keep_place": str(settings.keep_place),
        "stickerstudio.consent": str(settings.consent),
        "stickerstudio.recommended_weight": f"{weight:g}",
    }
    return {key: value for key, value in texts.items() if value}


def card(settings: TrainingSettings, count: int, weight: float) -> Mapping[str, object]:
    """The card beside the file, as the shelf reads it."""
    return {
        "name": settings.name,
        "title": settings.name,
        "base_model": settings.model,
        "trigger": settings.trigger,
        "licence": settings.licence,
        "author": settings.author,
        "attribution": settings.author,
        "pictures": count,
        "recommended_weight": weight,
        "preview": f"{settings.name}.webp",
    }

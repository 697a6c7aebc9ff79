"""From the names of the tensors in a LoRA file to the layers of a model. No torch.

Every format writes the same three things per layer, down (A), up (B) and alpha, its own way:

    diffusers  unet.down_blocks.1.….attn1.to_q.lora_A.weight, and before that .lora.down.weight,
               .processor.to_q_lora.down.weight, .q_proj.lora_linear_layer.down.weight
    peft       base_model.model.down_blocks.1.….to_q.lora_A.weight, with adapter_config.json
    kohya      lora_unet_input_blocks_4_1_…_attn1_to_q.lora_down.weight, ….alpha, and
               lora_te1_text_model_encoder_layers_0_mlp_fc1.…; block names of ldm or of diffusers

A layer is compared by its *flat* name, dots as underscores, as kohya writes it: that is the one
form every format can be brought to. SDXL's original ("ldm") block names are translated after the
number of layers per block, so that miniatures of the architecture work like the big one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Component = Literal["unet", "text_encoder", "text_encoder_2"]
COMPONENTS: tuple[Component, ...] = ("unet", "text_encoder", "text_encoder_2")
Format = Literal["diffusers", "peft", "kohya", "unknown"]


@dataclass(frozen=True, slots=True)
class LoraLayer:
    """One adapted layer of a file.

    Attributes:
        component: the part of the pipeline; None where the format does not say (peft).
        name: the layer's flat name as the file has it.
        tensors: by role ("down", "up", "mid", "alpha", or a role of another method, such as
            "hada_w1_a"), the name of the tensor in the file.
    """

    component: Component | None
    name: str
    tensors: Mapping[str, str]

    @property
    def method(self) -> str:
        """How the change of the weight is written down: "LoRA", "LoHa", "LoKr", "DoRA", …"""
        for method, roles in _METHODS.items():
            if any(role in roles for role in self.tensors):
                return method
        return "LoRA"

    def __str__(self) -> str:
        return f"{self.component or '?'}: {self.name}"


@dataclass(frozen=True, slots=True)
class LoraKeys:
    """All layers of a file, and the tensors that belong to none."""

    format: Format
    layers: tuple[LoraLayer, ...]
    leftover: tuple[str, ...]


_HADA = frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"})
_LOKR = frozenset(
    {"lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t1", "lokr_t2"}
)
_METHODS: Mapping[str, frozenset[str]] = {
    "DoRA": frozenset({"dora_scale", "magnitude"}),
    "LoHa": _HADA,
    "LoKr": _LOKR,
    "OFT": frozenset({"oft_blocks", "oft_diag"}),
    "full weights": frozenset({"diff", "diff_b", "w_norm", "b_norm"}),
    "GLoRA": frozenset({"a1", "a2", "b1", "b2"}),
    "(IA)³": frozenset({"on_input"}),
    "bias": frozenset({"bias"}),
}

_PREFIXES: tuple[tuple[str, Component | None, Format], ...] = (
    ("lora_unet_", "unet", "kohya"),
    ("lora_te1_", "text_encoder", "kohya"),
    ("lora_te2_", "text_encoder_2", "kohya"),
    ("lora_te_", "text_encoder", "kohya"),
    ("text_encoders.clip_l.transformer.", "text_encoder", "kohya"),
    ("text_encoders.clip_g.transformer.", "text_encoder_2", "kohya"),
    ("diffusion_model.", "unet", "kohya"),
    ("unet.", "unet", "diffusers"),
    ("text_encoder_2.", "text_encoder_2", "diffusers"),
    ("text_encoder.", "text_encoder", "diffusers"),
    ("base_model.model.", None, "peft"),
    ("", None, "diffusers"),
)

_UNET_START = re.compile(
    r"(?:down_blocks|mid_block|up_blocks|input_blocks|middle_block|output_blocks)_"
    r"|conv_in$|conv_out$|time_embed|add_embedding|label_emb|out_\d"
)
_OLD_TEXT = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}

_ROLES: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (re.compile(r"\.lora_A(?:\.(?!weight$)[^.]+)?\.weight$"), "down"),
    (re.compile(r"\.lora_B(?:\.(?!weight$)[^.]+)?\.weight$"), "up"),
    (re.compile(r"\.lora_B(?:\.[^.]+)?\.bias$"), "bias"),
    (re.compile(r"(?:\.lora|\.lora_linear_layer|_lora)\.down\.weight$"), "down"),
    (re.compile(r"(?:\.lora|\.lora_linear_layer|_lora)\.up\.weight$"), "up"),
    (re.compile(r"\.lora_(down|up|mid)\.weight$"), None),
    (re.compile(r"\.lora_magnitude_vector(?:\.[^.]+)*$"), "magnitude"),
    (re.compile(r"(?:\.lora|_lora)?\.(alpha)$"), None),
    (re.compile(r"\.(dora_scale|diff|diff_b|w_norm|b_norm|oft_blocks|oft_diag|on_input)$"), None),
    (re.compile(r"\.((?:hada|lokr)_(?:w1|w2|t1|t2)(?:_[ab])?)$"), None),
    (re.compile(r"\.(a1|a2|b1|b2)\.weight$"), None),
)


def read_keys(names: Iterable[str]) -> LoraKeys:
    """Sort the tensors of a file into layers. Knows no model: nothing is checked against one."""
    drafts: dict[tuple[Component | None, str], dict[str, str]] = {}
    leftover: list[str] = []
    formats: set[Format] = set()
    for name in names:
        found = _place(name)
        if found is None:
            leftover.append(name)
            continue
        component, layer, role, kind = found
        tensors = drafts.setdefault((component, layer), {})
        if role in tensors:  # two spellings of one thing: neither can be trusted
            leftover.append(name)
            continue
        tensors[role] = name
        formats.add(kind)
    layers = tuple(LoraLayer(part, name, tensors) for (part, name), tensors in drafts.items())
    return LoraKeys(_likeliest(formats), layers, tuple(leftover))


def _likeliest(formats: Collection[Format]) -> Format:
    """One format of several: a name without a prefix only looks like diffusers'."""
    for kind in ("kohya", "peft", "diffusers"):
        if kind in formats:
            return kind
    return "unknown"


def _place(name: str) -> tuple[Component | None, str, str, Format] | None:
    """The component, flat layer name, role and format of one tensor; None for what is no LoRA."""
    role: str | None = None
    stem = name
    old_style = False
    for pattern, fixed in _ROLES:
        match = pattern.search(name)
        if match is not None:
            role = fixed or match[1]
            stem = name[: match.start()]
            old_style = match[0].startswith("_lora")
            break
    if role is None:
        return None
    component: Component | None = None
    written: Format = "diffusers"
    for prefix, part, kind in _PREFIXES:
        if stem.startswith(prefix):
            stem, component, written = stem[len(prefix) :], part, kind
            break
    stem = stem.replace(".processor.", ".")
    if old_style:  # attention processors: attn1.processor.to_out_lora, self_attn.to_q_lora
        head, _, last = stem.rpartition(".")
        if head.endswith("self_attn"):
            last = _OLD_TEXT.get(last, last)
        stem = f"{head}.{last}.0" if last == "to_out" else f"{head}.{last}"
    flat = stem.replace(".", "_").removeprefix("text_model_")
    if component is None and _UNET_START.match(flat):
        component = "unet"
    return (component, flat, role, written) if flat else None


@dataclass(frozen=True, slots=True)
class Match:
    """Which layer of a file goes to which module: {(component, module name): layer}."""

    found: Mapping[tuple[Component, str], LoraLayer]
    missing: tuple[LoraLayer, ...]


def match(layers: Iterable[LoraLayer], modules: Mapping[Component, Collection[str]]) -> Match:
    """Find the module of every layer among `modules`, dotted names by component.

    A layer whose component the file does not say goes to the text encoder that has its name; where
    both have it the first one gets it: the caller knows the shapes and may move it.
    """
    flat = {
        part: {name.replace(".", "_").removeprefix("text_model_"): name for name in names}
        for part, names in modules.items()
    }
    depth = layers_per_block(modules.get("unet", ()))
    found: dict[tuple[Component, str], LoraLayer] = {}
    missing: list[LoraLayer] = []
    for layer in layers:
        for part in (layer.component,) if layer.component else COMPONENTS:
            names = flat.get(part, {})
            name = names.get(layer.name)
            if name is None and part == "unet":
                name = names.get(from_ldm(layer.name, depth))
            if name is not None and (part, name) not in found:
                found[part, name] = layer
                break
        else:
            missing.append(layer)
    return Match(found, tuple(missing))


def layers_per_block(unet_modules: Iterable[str]) -> int:
    """How many residual layers a down block of this UNet has; 2 in SDXL."""
    numbers = (re.match(r"down_blocks\.0\.resnets\.(\d+)", name) for name in unet_modules)
    return max((int(number[1]) + 1 for number in numbers if number), default=2)


_RESNET = {
    "in_layers_0": "norm1",
    "in_layers_2": "conv1",
    "emb_layers_1": "time_emb_proj",
    "out_layers_0": "norm2",
    "out_layers_3": "conv2",
    "skip_connection": "conv_shortcut",
}
_ENDS = {
    "input_blocks_0_0": "conv_in",
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
    "out_0": "conv_norm_out",
    "out_2": "conv_out",
}
_MIDDLE = {"0": "resnets_0", "1": "attentions_0", "2": "resnets_1"}


def from_ldm(name: str, layers_per_block: int) -> str:
    """A flat ldm name of the UNet as the flat diffusers name; any other name as it is.

    >>> from_ldm("input_blocks_4_1_transformer_blocks_0_attn1_to_q", 2)
    'down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q'
    """
    if name in _ENDS:
        return _ENDS[name]
    block = re.match(r"(input|output)_blocks_(\d+)_(\d+)_(.+)$", name)
    if block is not None:
        side, index, part, rest = block[1], int(block[2]), block[3], block[4]
        level, layer = divmod(index - (side == "input"), layers_per_block + 1)
        blocks = f"{'down' if side == 'input' else 'up'}_blocks_{level}"
        if rest == "op":
            return f"{blocks}_downsamplers_0_conv"
        if rest == "conv":
            return f"{blocks}_upsamplers_0_conv"
        kind = "resnets" if part == "0" else "attentions"
        return f"{blocks}_{kind}_{layer}_{_RESNET.get(rest, rest)}"
    middle = re.match(r"middle_block_([012])_(.+)$", name)
    if middle is not None:
        return f"mid_block_{_MIDDLE[middle[1]]}_{_RESNET.get(middle[2], middle[2])}"
    return name


def to_ldm(module: str, layers_per_block: int, *, attention_levels: Collection[int]) -> str:
    """The flat ldm name of a dotted diffusers UNet module name: what kohya's files for SDXL carry.

    `attention_levels` are the up blocks with attention; there the upsampler is part 2, else 1.
    """
    flat = module.replace(".", "_")
    for ldm, name in _ENDS.items():
        if name == flat:
            return ldm
    back = {name: ldm for ldm, name in _RESNET.items()}
    block = re.match(r"(down|up)_blocks_(\d+)_(resnets|attentions)_(\d+)_(.+)$", flat)
    if block is not None:
        down = block[1] == "down"
        index = int(block[2]) * (layers_per_block + 1) + int(block[4]) + down
        part, rest = (0, back.get(block[5], block[5])) if block[3] == "resnets" else (1, block[5])
        return f"{'input' if down else 'output'}_blocks_{index}_{part}_{rest}"
    sampler = re.match(r"(down|up)_blocks_(\d+)_(?:down|up)samplers_0_conv$", flat)
    if sampler is not None:
        level = int(sampler[2])
        if sampler[1] == "down":
            return f"input_blocks_{(level + 1) * (layers_per_block + 1)}_0_op"
        index = level * (layers_per_block + 1) + layers_per_block
        return f"output_blocks_{index}_{2 if level in attention_levels else 1}_conv"
    middle = re.match(r"mid_block_(resnets|attentions)_(\d)_(.+)$", flat)
    if middle is not None:
        for part, name in _MIDDLE.items():
            if name == f"{middle[1]}_{middle[2]}":
                rest = middle[3]
                return f"middle_block_{part}_{back.get(rest, rest) if part != '1' else rest}"
    return flat

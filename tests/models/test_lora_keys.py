"""Every format's names lead to the right layer of SDXL, at its true shapes."""

from __future__ import annotations

import pytest

from stickerstudio.models.lora_keys import from_ldm, layers_per_block, match, read_keys, to_ldm
from tests.models.lora_names import text_linears, unet_linears

UNET = [name for name, _, _ in unet_linears()]
RESNETS = [
    f"{block}.resnets.{n}.{part}"
    for block, count in (
        *((f"down_blocks.{level}", 2) for level in range(3)),
        ("mid_block", 2),
        *((f"up_blocks.{level}", 3) for level in range(3)),
    )
    for n in range(count)
    for part in ("conv1", "conv2", "time_emb_proj")
]
SHORTCUTS = [
    "down_blocks.1.resnets.0.conv_shortcut",
    "down_blocks.2.resnets.0.conv_shortcut",
    *(f"up_blocks.{level}.resnets.{n}.conv_shortcut" for level in range(3) for n in range(3)),
]
SAMPLERS = [
    *(f"down_blocks.{level}.downsamplers.0.conv" for level in range(2)),
    *(f"up_blocks.{level}.upsamplers.0.conv" for level in range(2)),
]
ENDS = [
    "conv_in",
    "conv_out",
    *(f"time_embedding.linear_{n}" for n in (1, 2)),
    *(f"add_embedding.linear_{n}" for n in (1, 2)),
]
ALL = [*UNET, *RESNETS, *SHORTCUTS, *SAMPLERS, *ENDS]
TEXT = {
    "text_encoder": [name for name, _, _ in text_linears(1)],
    "text_encoder_2": [*(name for name, _, _ in text_linears(2)), "text_projection"],
}


def test_the_list_is_all_of_sdxl() -> None:
    assert len(UNET) == 722
    assert len(ALL) == 794


def ldm(name: str) -> str:
    return to_ldm(name, 2, attention_levels={0, 1})


KOHYA_UNET = {  # as sd-scripts writes them, read off files
    "input_blocks_4_1_proj_in": "down_blocks.1.attentions.0.proj_in",
    "input_blocks_8_1_transformer_blocks_9_attn2_to_out_0": (
        "down_blocks.2.attentions.1.transformer_blocks.9.attn2.to_out.0"
    ),
    "middle_block_1_transformer_blocks_3_ff_net_0_proj": (
        "mid_block.attentions.0.transformer_blocks.3.ff.net.0.proj"
    ),
    "output_blocks_2_1_transformer_blocks_0_attn1_to_q": (
        "up_blocks.0.attentions.2.transformer_blocks.0.attn1.to_q"
    ),
    "output_blocks_3_1_proj_out": "up_blocks.1.attentions.0.proj_out",
    "output_blocks_5_2_conv": "up_blocks.1.upsamplers.0.conv",
    "input_blocks_3_0_op": "down_blocks.0.downsamplers.0.conv",
    "input_blocks_7_0_skip_connection": "down_blocks.2.resnets.0.conv_shortcut",
    "input_blocks_1_0_in_layers_2": "down_blocks.0.resnets.0.conv1",
    "output_blocks_8_0_out_layers_3": "up_blocks.2.resnets.2.conv2",
    "middle_block_2_emb_layers_1": "mid_block.resnets.1.time_emb_proj",
    "label_emb_0_2": "add_embedding.linear_2",
    "out_2": "conv_out",
}


@pytest.mark.parametrize(("kohya", "module"), KOHYA_UNET.items())
def test_original_block_names(kohya: str, module: str) -> None:
    assert from_ldm(kohya, 2) == module.replace(".", "_")
    assert ldm(module) == kohya


def test_original_block_names_go_there_and_back_for_every_layer() -> None:
    names = [ldm(name) for name in ALL]
    assert len(set(names)) == len(ALL)
    assert [from_ldm(name, 2) for name in names] == [name.replace(".", "_") for name in ALL]


@pytest.mark.parametrize("layers", [1, 3])
def test_miniatures_with_other_depths(layers: int) -> None:
    modules = [f"down_blocks.{b}.resnets.{n}.conv1" for b in range(2) for n in range(layers)]
    modules += [f"up_blocks.{b}.resnets.{n}.conv2" for b in range(2) for n in range(layers + 1)]
    assert layers_per_block(modules) == layers
    for name in modules:
        flat = name.replace(".", "_")
        assert from_ldm(to_ldm(name, layers, attention_levels=()), layers) == flat


def names_of(style: str, part: str, module: str) -> tuple[str, str]:
    """(down, up) tensor names of one layer."""
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}[
        part
    ]
    if style == "kohya-ldm":
        stem = prefix + (ldm(module) if part == "unet" else module.replace(".", "_"))
        return f"{stem}.lora_down.weight", f"{stem}.lora_up.weight"
    if style == "kohya-diffusers":
        stem = prefix + module.replace(".", "_")
        return f"{stem}.lora_down.weight", f"{stem}.lora_up.weight"
    if style == "diffusers":
        return f"{part}.{module}.lora_A.weight", f"{part}.{module}.lora_B.weight"
    if style == "diffusers-0.2x":
        kind = "lora" if part == "unet" else "lora_linear_layer"
        return f"{part}.{module}.{kind}.down.weight", f"{part}.{module}.{kind}.up.weight"
    head = f"base_model.model.{module}"
    if style == "peft-named":
        return f"{head}.lora_A.default.weight", f"{head}.lora_B.default.weight"
    return f"{head}.lora_A.weight", f"{head}.lora_B.weight"


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("kohya-ldm", "kohya"),
        ("kohya-diffusers", "kohya"),
        ("diffusers", "diffusers"),
        ("diffusers-0.2x", "diffusers"),
        ("peft", "peft"),
        ("peft-named", "peft"),
    ],
)
@pytest.mark.parametrize("prefixed", [True, False])
def test_every_layer_finds_its_module(style: str, written: str, prefixed: bool) -> None:
    # transformers 5 dropped "text_model." from CLIPTextModel; files keep it.
    text = {
        part: [name if prefixed else name.removeprefix("text_model.") for name in names]
        for part, names in TEXT.items()
    }
    modules = {
        "unet": ALL,
        "text_encoder": text["text_encoder"],
        "text_encoder_2": text["text_encoder_2"],
    }
    wanted: dict[tuple[str, str], str] = {}
    names: list[str] = []
    parts = {"unet": ALL} if style.startswith("peft") else {"unet": ALL, **TEXT}
    for part, layers in parts.items():
        for n, layer in enumerate(layers):
            down, up = names_of(style, part, layer)
            names += [down, up]
            wanted[part, modules[part][n]] = down
    keys = read_keys(names)
    assert keys.format == written
    assert keys.leftover == ()
    found = match(
        keys.layers, {part: modules[part] for part in ("unet", "text_encoder", "text_encoder_2")}
    )
    assert found.missing == ()
    assert {place: layer.tensors["down"] for place, layer in found.found.items()} == wanted
    assert {layer.method for layer in keys.layers} == {"LoRA"}


def test_the_oldest_diffusers_names() -> None:
    stem = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor"
    text = "text_encoder.text_model.encoder.layers.0.self_attn"
    keys = read_keys(
        [
            f"{stem}.to_q_lora.down.weight",
            f"{stem}.to_out_lora.up.weight",
            f"{text}.to_out_lora.up.weight",
            f"{text}.to_k_lora.up.weight",
        ]
    )
    found = match(keys.layers, {"unet": UNET, "text_encoder": TEXT["text_encoder"]})
    assert found.missing == ()
    assert sorted(module for _, module in found.found) == [
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
        "text_model.encoder.layers.0.self_attn.k_proj",
        "text_model.encoder.layers.0.self_attn.out_proj",
    ]


def test_names_of_other_programs() -> None:
    keys = read_keys(
        [
            "diffusion_model.input_blocks.4.1.proj_in.lora_up.weight",
            "text_encoders.clip_g.transformer.text_model.encoder.layers.3.mlp.fc1.lora_up.weight",
            "lora_te_text_model_encoder_layers_3_mlp_fc1.lora_up.weight",
        ]
    )
    found = match(keys.layers, {"unet": UNET, **TEXT})  # type: ignore[arg-type]
    assert sorted(found.found) == [
        ("text_encoder", "text_model.encoder.layers.3.mlp.fc1"),
        ("text_encoder_2", "text_model.encoder.layers.3.mlp.fc1"),
        ("unet", "down_blocks.1.attentions.0.proj_in"),
    ]


def test_sorts_alpha_mid_and_other_methods() -> None:
    keys = read_keys(
        [
            "lora_unet_a.lora_down.weight",
            "lora_unet_a.lora_mid.weight",
            "lora_unet_a.alpha",
            "lora_unet_b.hada_w1_a",
            "lora_unet_b.hada_t2",
            "lora_unet_c.lokr_w1",
            "lora_unet_c.lokr_w2_b",
            "lora_unet_d.lora_up.weight",
            "lora_unet_d.dora_scale",
            "lora_unet_e.diff_b",
            "lora_unet_f.oft_blocks",
            "lora_unet_g.a1.weight",
            "unet.h.lora_magnitude_vector",
            "unet.i.lora_B.bias",
            "bundle_emb.x.string_to_param",
        ]
    )
    assert {layer.name: layer.method for layer in keys.layers} == {
        "a": "LoRA",
        "b": "LoHa",
        "c": "LoKr",
        "d": "DoRA",
        "e": "full weights",
        "f": "OFT",
        "g": "GLoRA",
        "h": "DoRA",
        "i": "bias",
    }
    assert set(keys.layers[0].tensors) == {"down", "mid", "alpha"}
    assert keys.leftover == ("bundle_emb.x.string_to_param",)


def test_two_names_for_one_tensor_are_not_guessed_at() -> None:
    keys = read_keys(["lora_unet_a_b.lora_down.weight", "unet.a.b.lora_A.weight"])
    assert keys.leftover == ("unet.a.b.lora_A.weight",)


def test_layers_without_a_module_are_named() -> None:
    keys = read_keys(["lora_unet_nowhere.lora_down.weight"])
    found = match(keys.layers, {"unet": UNET})
    assert [str(layer) for layer in found.missing] == ["unet: nowhere"]

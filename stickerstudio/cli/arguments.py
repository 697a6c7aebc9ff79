"""What the arguments of several commands mean."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

from stickerstudio.core.i18n import tr
from stickerstudio.core.recipe import MAX_WEIGHT
from stickerstudio.models.loras import LoraShelf


def shelf_name(shelf: LoraShelf, name: str) -> str:
    """What the engine finds a LoRA by; a file that is not on the shelf is put there."""
    if name.lower().endswith(".safetensors"):
        return shelf.add(Path(name).expanduser()).name
    return shelf.find(name).name


def as_typed(text: str) -> str:
    """An argument in UTF-8 that Python could not read, as in a C locale, read after all."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        return text


def whole(low: int, high: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `low` to `high`."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                tr(
                    "{value} is not a whole number from {low} to {high}",
                    value=text,
                    low=low,
                    high=high,
                )
            )
        return value

    return number


def share(text: str) -> float:
    """The type of an option that takes a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:  # never true for NaN
        raise argparse.ArgumentTypeError(tr("{value} is not a number from 0 to 1", value=text))
    return value


def lora_weight(text: str) -> tuple[str, float]:
    """The type of NAME=WEIGHT; the name may hold a "=" of its own."""
    name, equals, number = text.rpartition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not (name and equals) or not abs(weight) <= MAX_WEIGHT:  # "not <=" refuses NaN as well
        raise argparse.ArgumentTypeError(
            tr("{value} is not NAME=WEIGHT, such as pastel=0.8", value=text)
        )
    return name, weight


def size(text: str) -> tuple[int, int]:
    """The type of WxH, in pixels."""
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(tr("{value} is not WxH, such as 512x512", value=text))
    return cast("tuple[int, int]", tuple(map(int, match.groups())))

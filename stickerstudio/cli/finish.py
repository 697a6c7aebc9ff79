"""`stickerstudio finish`: any picture as a sticker: cut out, rimmed, lettered, in motion."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

from PIL import Image

from stickerstudio.cli.arguments import as_typed, whole
from stickerstudio.cli.context import Context
from stickerstudio.core.atomic import write_bytes_atomic
from stickerstudio.core.design import Caption, Cutout, Design, Outline, Shadow, Stamp
from stickerstudio.core.errors import BadInputError, disk_errors
from stickerstudio.core.i18n import tr
from stickerstudio.core.pictures import open_picture
from stickerstudio.finish import encode, fonts, stamps
from stickerstudio.finish.compose import compose
from stickerstudio.finish.cutout import apply_cutout
from stickerstudio.finish.enlarge import FACTORS, enlarge, enlarge_both
from stickerstudio.finish.motion import MAX_FPS, MAX_SECONDS, MOTIONS, animate
from stickerstudio.packs.moving import SIDE, fit_for

_STAMP = re.compile(r"([^@]+)(?:@(-?[\d.]+),(-?[\d.]+)(?:,([\d.]+))?)?")
_STILL = (".png", ".webp")
_MOVING = {".webp": "webp", ".png": "apng", ".apng": "apng", ".gif": "gif", ".webm": "webm"}
_STAMP_SIDE = 512  # pixels, as large as the shipped ones are


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `finish`."""
    parser.add_argument("file", metavar="FILE", type=Path, help=tr("a picture"))
    parser.add_argument(
        "-o",
        dest="target",
        metavar="OUT",
        type=Path,
        required=True,
        help=tr("the file to write: .png or .webp; with --motion also .apng, .gif or .webm"),
    )
    parser.add_argument(
        "--cutout",
        choices=("auto", "flat", "model", "none"),
        default="auto",
        help=tr("how the background is found"),
    )
    parser.add_argument(
        "--outline", metavar="W", type=float, help=tr("a rim, 0 … 0.25 of the picture's size")
    )
    parser.add_argument(
        "--outline-colour", metavar="#RRGGBB", default=Outline().colour, help=tr("of the rim")
    )
    parser.add_argument("--shadow", action="store_true", help=tr("a soft shadow"))
    parser.add_argument(
        "--caption",
        dest="captions",
        metavar="TEXT",
        action="append",
        default=[],
        help=tr("words below the picture; the second ones go above it; may be repeated"),
    )
    parser.add_argument(
        "--font",
        metavar="NAME|FILE",
        default="",
        help=", ".join(face.name for face in fonts.FACES),
    )
    parser.add_argument(
        "--stamp",
        dest="stamps",
        metavar="NAME@X,Y,SCALE",
        type=_stamp,
        action="append",
        default=[],
        help=tr("a stamp or a picture file, its middle and its size, 0 … 1; may be repeated")
        + f" ({', '.join(name.removeprefix(stamps.PREFIX) for name in stamps.shipped())})",
    )
    parser.add_argument(
        "--upscale", type=int, choices=FACTORS, help=tr("enlarge the picture first")
    )
    parser.add_argument("--motion", choices=MOTIONS, help=tr("let it move"))
    parser.add_argument(
        "--fps", metavar="N", type=whole(1, MAX_FPS), default=20, help=tr("frames a second")
    )
    parser.add_argument(
        "--seconds", metavar="S", type=_seconds, default=1.0, help=tr("of one round")
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Finish one picture.

    Raises:
        StudioError: it could not be done; nothing is written then.
        Cancelled: the user stopped it.
    """
    target: Path = arguments.target
    _check_ending(target, moving=arguments.motion is not None)
    fonts.find(arguments.font)
    design = design_from(arguments)
    image, mask = open_picture(arguments.file.expanduser()), None
    if arguments.upscale:
        with context.interrupt.polled():
            image, mask = _enlarged(image, design.cutout, arguments.upscale, context)
    finished = compose(image, design, stamp=_load, mask=mask)
    if arguments.motion:
        animation = animate(
            finished,
            arguments.motion,
            side=min(SIDE, max(finished.size)),
            fps=arguments.fps,
            seconds=arguments.seconds,
        )
        data, frames = (
            fit_for(animation, _MOVING[target.suffix.lower()]).data,
            len(animation.frames),
        )
    else:
        still = encode.png if target.suffix.lower() == ".png" else encode.webp
        data, frames = still(finished), 1
    with disk_errors(target):
        write_bytes_atomic(target, data)
    for text in arguments.captions:
        for substitute in fonts.substitutes(as_typed(text), arguments.font):
            context.output.note(str(substitute))
    context.output.line(str(target))
    context.output.result(
        {
            "path": str(target),
            "size": list(finished.size),
            "bytes": len(data),
            "frames": frames,
            "design": design.to_json(),
        }
    )
    return 0


def design_from(arguments: argparse.Namespace) -> Design:
    """What the options ask for.

    Raises:
        BadInputError: a number is out of range, a colour is none, a text is too long.
    """
    outline = None
    if arguments.outline is not None:
        outline = Outline(arguments.outline, arguments.outline_colour)
    captions = [
        replace(Caption(as_typed(text), font=arguments.font), y=0.86 if number % 2 == 0 else 0.14)
        for number, text in enumerate(arguments.captions)
    ]
    return Design(
        Cutout(arguments.cutout),
        outline,
        Shadow() if arguments.shadow else None,
        (*arguments.stamps, *captions),
    )


def _enlarged(
    image: Image.Image, cutout: Cutout, factor: int, context: Context
) -> tuple[Image.Image, Image.Image | None]:
    """The picture, and the mask of what `cutout` leaves of it where it cuts anything out."""

    def tell(share: float) -> None:
        context.output.progress(tr("Enlarging: {n} %", n=round(share * 100)), done=share >= 1)

    cut = apply_cutout(image, cutout)
    if (
        cut.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    ):  # nothing to cut, or it is cut out already
        return enlarge(image, factor, tell, context.interrupt.is_pressed), None
    return enlarge_both(image, cut, factor, tell, context.interrupt.is_pressed)


def _stamp(text: str) -> Stamp:
    """The type of NAME@X,Y,SCALE."""
    match = _STAMP.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        name, x, y, scale = match.groups()
        shipped = stamps.PREFIX + name
        source = shipped if shipped in stamps.shipped() else name
        return Stamp(source, float(x or 0.75), float(y or 0.25), float(scale or 0.3))
    except (ValueError, BadInputError) as error:
        raise argparse.ArgumentTypeError(
            tr("{value} is not NAME@X,Y,SCALE, such as heart@0.8,0.2,0.3", value=text)
        ) from error


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_SECONDS:  # never true for NaN
        raise argparse.ArgumentTypeError(
            tr(
                "{value} is not a number of seconds up to {most}",
                value=text,
                most=f"{MAX_SECONDS:g}",
            )
        )
    return value


def _load(source: str) -> Image.Image:
    """A shipped stamp, or the picture file of that name."""
    if source.startswith(stamps.PREFIX) or not Path(source).suffix:
        return stamps.load(source, _STAMP_SIDE)
    picture = open_picture(Path(source).expanduser())
    return picture.crop(picture.getbbox())


def _check_ending(target: Path, *, moving: bool) -> None:
    endings = tuple(_MOVING) if moving else _STILL
    if target.suffix.lower() not in endings:
        raise BadInputError(
            tr("{name} cannot be written.", name=target.name),
            tr("Its ending says which format is meant, and this one is not known here."),
            tr("Choose one of {endings}.", endings=", ".join(endings)),
        )

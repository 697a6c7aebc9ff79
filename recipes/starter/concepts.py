"""Which concepts the base model draws. The words for them are in ``words.txt`` and in CLDR."""

from __future__ import annotations

import numpy as np

FACES = (
    "😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚🥲😋😛😜🤪🤑🤗🤭🫢🫣🤫🤔🫡🤐🤨😐😑😏😒🙄😬🤥"
    "😌😔😪🤤😴😷🤒🤕🤢🤮🤧🥵🥶🥴😵🤯🤠🥳🥸😎🤓🧐😕😟🙁😮😯😲😳🥺🥹😧😨😰😥😢😭😱😖😣😞😓"
    "😩😫🥱😤😡😠🤬😈👿"
)
FIGURES = "💀💩🤡👹👻👽👾🤖🎅😺😸😹😻😽🙀😿😾🙈🙉🙊👶🧙🧜🧟🦸👼"
HEARTS = "💌💘💝💖💗💕💔❤🩷🧡💛💚💙🩵💜🤎🖤🤍💋💯💢💥💫💦💨💬💭💤"
HANDS = "👋✋👌✌🤞🫰🤟🤘🤙👈👆👇👍👎✊👊👏🙌🫶🤝🙏💅💪🧠👀🦷🦴👁👅👄"
ANIMALS = (
    "🐵🦍🦧🐶🐕🐩🐺🦊🦝🐱🐈🦁🐯🐅🐴🐎🦄🦓🦌🦬🐮🐄🐷🐖🐏🐑🐐🐫🦙🦒🐘🦣🦏🦛🐭🐁🐹🐰🐇🐿🦫🦔"
    "🦇🐻🐨🐼🦥🦦🦨🦘🦡🐾🦃🐔🐓🐣🐤🐥🐦🐧🕊🦅🦆🦢🦉🦤🪶🦩🦚🦜🐸🐊🐢🦎🐍🐲🐉🦕🦖🐳🐋🐬🦭🐟"
    "🐠🐡🦈🐙🐚🪸🪼🦀🦞🦐🦑🦪🐌🦋🐛🐜🐝🐞🦗🕷🕸🦂🦟"
)
PLANTS = "💐🌸🌹🥀🌺🌻🌼🌷🪻🌱🪴🌲🌳🌴🌵🌾🌿☘🍀🍁🍂🍃🍄"
SKY = "🌍🌋🗻🏝🌅🌈🌙🌕🌛🌝🌞☀⭐🌟🌠☁⛅⛈🌧🌨🌪☂☔⚡❄☃⛄☄🔥💧🌊🪐🌀"
FOOD = (
    "🍇🍈🍉🍊🍋🍌🍍🥭🍎🍏🍐🍑🍒🍓🫐🥝🍅🥥🥑🍆🥔🥕🌽🌶🥒🥬🥦🧄🧅🥜🌰🍞🥐🥖🥨🥯🥞🧇🧀🍖🍗🥩"
    "🥓🍔🍟🍕🌭🥪🌮🌯🥚🍳🍲🥗🍿🧈🍱🍙🍚🍛🍜🍝🍠🍢🍣🍤🥮🍡🥟🥠🥡🍦🍧🍨🍩🍪🎂🍰🧁🥧🍫🍬🍭🍮"
    "🍯🍼🥛☕🫖🍵🍾🍷🍸🍹🍺🍻🥂🥤🧋🧃🧊"
)
TRAVEL = "🏠🏡🏢🏥🏫🏰🗼🗽⛩⛺🎡🎢🚂🚄🚌🚑🚒🚓🚕🚗🚚🚜🏎🏍🛵🚲🛹🚦⚓⛵🚤🚢✈🚁🚀🛸🧳"
ACTIVITY = "🎃🎄🎆🎇🧨✨🎈🎉🎊🧧🎀🎁🏆🏅🥇🥈🥉⚽⚾🏀🏐🏈🎾🎳🏓🏸🥊🎣⛸🎿🎯🪁🎱🔮🪄🎮🎲🧩🧸🎭🎨🧶"
THINGS = (
    "⏰⌛⌚👓🕶👔👕👖🧣🧤🧦👗👜🎒👟👠👑👒🎩🎓🧢💍💎💄📢📣🔔🎵🎶🎤🎧📻🎷🎺🎸🎹🎻🥁📱☎🔋💻"
    "📺📷🎥🔍💡🔦🏮📖📚📝📰💰💵💳✉📦✏📎✂📅🔒🔑🔨🪓🗡⚔🛡🏹🔧🧲🔬🔭💉💊🩹🚪🛏🛋🚽🛁🧹🧼"
    "🛒💣⚠❗❓❌✅🚫♻🔴"
)

TURNABLE = (
    ANIMALS
    + PLANTS
    + FOOD
    + TRAVEL
    + "🌈🌙☁🔥🌊🎉🎸🏆👻💥🦖☔📷🎷🎺🎻🎮🧸🔨🪓🗡🔑🔦📢🔔👟👠🧢🎩👑💎🔬🔭🚽🛁🧹💣🎈🎁🎣🪁"
)
"""Drawings that may be mirrored: no writing, no hands, no faces whose look would change."""

ADDED = "❤💧💤🌸⭐🔥💬🎂🎉🎁🎈🎵✨☀🌈🌙❄☂👑🌹☕🍕⚽💎🎀🍀💔💢👓🎃"
"""The small second things. Sleep and speech go to the upper corner, all else to the lower."""

UPPER = "💤💬💢☀🌙🌈✨"


def key(emoji: str) -> str:
    """The manifest's name of a single-character emoji."""
    return f"{ord(emoji):X}"


CONCEPTS: tuple[str, ...] = tuple(
    key(emoji)
    for emoji in FACES
    + FIGURES
    + HEARTS
    + HANDS
    + ANIMALS
    + PLANTS
    + SKY
    + FOOD
    + TRAVEL
    + ACTIVITY
    + THINGS
)

SUBJECTS: tuple[str, ...] = tuple(
    key(emoji) for emoji in ANIMALS + FIGURES + FACES + FOOD + "🏠🚗🚀🎄☃⛄🌲🌵🍄🌹🎸📚💻"
)
"""What a second thing is put beside."""

SPOKEN_TO: tuple[str, ...] = tuple(key(emoji) for emoji in ANIMALS + FIGURES)
"""What one can talk to, as in "I love you, otter"; faces keep their own meaning."""

REFERENCE: frozenset[str] = frozenset(
    key(emoji) for emoji in "❤🦦🐱🐶😀😢😠😴😍👍🔥🍕🌈☀🎂👻🤖🐧🚀🍔"
)
"""The concepts of the twenty prompts the model is judged by."""


def held_out_pair(subject: str, added: str) -> bool:
    """Whether a pair is kept from training, to measure how well the model combines: one in six."""
    return (int(subject[:5], 16) * 31 + int(added[:5], 16) * 17) % 6 == 0


def random_pair(rng: np.random.Generator) -> tuple[str, str]:
    """A subject and a second thing that are not kept for measuring."""
    while True:
        subject = SUBJECTS[int(rng.integers(len(SUBJECTS)))]
        added = key(ADDED[int(rng.integers(len(ADDED)))])
        if subject != added and not held_out_pair(subject, added):
            return subject, added

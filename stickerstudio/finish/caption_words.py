"""What a caption could say, from the words that the picture was made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stickerstudio.core.graphemes import graphemes


@dataclass(frozen=True, slots=True)
class Saying:
    """What people send in a chat on an occasion, and the words that name it in a prompt."""

    words: str  # a regular expression
    english: str
    chinese: str
    emoji: str


SAYINGS = (
    Saying(r"lov(e|es|ing|ely)|hearts?|valentine|愛|戀", "I love you", "愛你", "❤️"),
    Saying(r"good ?night|sleep(s|y|ing)?|bed(time)?|tired|zzz|晚安|睡", "Good night", "晚安", "😴"),
    Saying(r"good ?morning|sunrise|早安|早上", "Good morning!", "早安", "☀️"),
    Saying(r"thank(s|ful)?|grateful|謝", "Thank you!", "謝謝", "🙏"),
    Saying(r"sorry|apolog\w+|對不起|抱歉", "Sorry…", "對不起", "🥺"),
    Saying(r"birthday|cake|生日|蛋糕", "Happy birthday!", "生日快樂", "🎂"),
    Saying(r"congrat\w+|party\w*|celebrat\w+|恭喜|慶祝", "Congratulations!", "恭喜", "🎉"),
    Saying(r"laugh(s|ing)?|lol|funny|joy|大笑|哈哈", "Hahaha", "哈哈哈", "😂"),
    Saying(r"happy|smil(e|es|ing)|glad|excited|開心|高興|快樂|笑", "Yay!", "好開心", "😄"),
    Saying(r"cry(ing)?|cries|tears?|sob(bing)?|哭|淚", "Boo hoo…", "嗚嗚嗚", "😭"),
    Saying(r"sad|unhappy|lonely|miss(es|ing)?|難過|傷心", "I miss you", "想你", "😢"),
    Saying(r"angry|mad|furious|grumpy|生氣|怒", "Grr!", "生氣氣", "😠"),
    Saying(r"surpris(e|ed)|shock(ed)?|wow|驚|嚇", "Wow!", "哇！", "😮"),
    Saying(r"hungry|eat(s|ing)?|yummy|delicious|餓|吃", "Yummy!", "好吃", "😋"),
    Saying(r"hugs?|hugging|抱", "Hug!", "抱抱", "🤗"),
    Saying(r"kiss(es|ing)?|親親|吻", "Mwah!", "親親", "😘"),
    Saying(r"cool|sunglasses|酷|墨鏡", "Cool!", "酷喔", "😎"),
    Saying(r"shy|blush\w*|害羞|臉紅", "Aww…", "害羞", "😳"),
    Saying(r"hello|hi|hey|wav(e|es|ing)|你好|嗨|揮手", "Hello!", "你好", "👋"),
    Saying(r"bye|goodbye|再見|掰", "Bye!", "掰掰", "👋"),
    Saying(r"ok|okay|yes|thumbs? up|好喔|讚", "OK!", "好喔", "👌"),
    Saying(r"no|nope|stop|不要|拒絕", "Nope", "不要", "🙅"),
    Saying(r"cheer\w*|strong|muscles?|you can do it|加油|努力", "You can do it!", "加油", "💪"),
    Saying(r"sick|ill|fever|生病|發燒", "I feel sick", "不舒服", "🤒"),
)
_CLAUSE = re.compile(r"[,;:，；：、\n]+")
_SPOKEN = re.compile(r"\b(i|i'm|you|we|let's|my|me)\b|[!?！？…]$|[你我您妳]", re.IGNORECASE)
_MOST = 24  # characters of the prompt that fit onto a sticker as they are


def suggest(prompt: str, *, chinese_first: bool = False, limit: int = 6) -> tuple[str, ...]:
    """Captions for a sticker made of `prompt`, the likeliest first; none where nothing fits.

    What the prompt itself says to somebody comes first ("I love you" of "I love you, otter"); then,
    for every occasion it names, what people send: in English, as an emoji, in 繁體中文.

    Args:
        chinese_first: whether 繁體中文 comes before English.
    """
    clauses = [clause.strip() for clause in _CLAUSE.split(prompt)]
    found = [
        clause
        for clause in clauses
        if _SPOKEN.search(clause) and len(list(graphemes(clause))) <= _MOST
    ]
    for saying in SAYINGS:
        if re.search(_bounded(saying.words), prompt, re.IGNORECASE):
            words = (saying.english, saying.emoji, saying.chinese)
            found += reversed(words) if chinese_first else words
    unique = {text.casefold(): text for text in reversed(found)}
    return tuple(text for text in dict.fromkeys(found) if unique[text.casefold()] == text)[:limit]


def _bounded(words: str) -> str:
    """Latin words whole; Chinese ones anywhere, for nothing stands between them."""
    parts = re.split(r"\|(?![^(]*\))", words)  # not at those inside parentheses
    return "|".join(rf"\b(?:{part})\b" if part[0].isascii() else part for part in parts)

"""What the friend knows to say. Content rather than interface: the friend speaks the language that
it is spoken to, whichever language the window is in, so these texts do not go through `tr`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Language = Literal["en", "zh_TW"]
Lines = Mapping[Language, tuple[str, ...]]


@dataclass(frozen=True)
class Cue:
    """Words that give a mood or a thing away: whole English words, 中文 and emoji anywhere."""

    english: str  # separated by "|"
    others: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the cue in lower-case text."""
        return re.compile(rf"(?<![a-z0-9])(?:{self.english})(?![a-z0-9])|{self.others}")


@dataclass(frozen=True)
class Mood:
    """A mood, how it is recognised, and the answers to it."""

    name: str
    cue: Cue
    replies: Lines


@dataclass(frozen=True)
class Subject:
    """A thing that stickers show, and what the friend calls it."""

    cue: Cue
    names: Mapping[Language, str]
    emoji: str


OPENING: Mapping[Language, str] = {
    "en": (
        "Hi, I'm Momo! 👋 Describe a sticker over in the middle, press “Make”, and drag "
        "the one you like in here. I can't wait to see it!"
    ),
    "zh_TW": (
        "嗨，我是小桃！👋 在中間寫下你想要的貼圖，按「製作」，"
        "再把喜歡的那張拖進來給我看，我等不及了！"
    ),
}

MOODS: tuple[Mood, ...] = (
    Mood(
        "love",
        Cue(
            "love|loves|loving|i love you|love you|heart|hearts|kiss|kisses|kissing|hug|hugs|"
            "hugging|miss you|heart eyes|in love|adore|xoxo|valentine",
            "愛你|愛妳|我愛|喜歡你|想你|愛心|紅心|親親|抱抱|擁抱|啾|❤|💕|💖|💗|💘|💙|💚|💛|💜|🧡|🥰|😍|😘|🤗",
        ),
        {
            "en": (
                "Aww, love you too! ❤️",
                "You just made my whole day 🥰",
                "Stop it, I'm blushing ☺️",
                "Sending a big hug right back 🤗",
                "My heart! It's melting 💕",
                "❤️",
            ),
            "zh_TW": (
                "我也愛你！❤️",
                "你讓我一整天都好開心 🥰",
                "不要啦，我臉紅了 ☺️",
                "給你一個大大的抱抱 🤗",
                "我的心融化了 💕",
                "❤️",
            ),
        },
    ),
    Mood(
        "birthday",
        Cue(
            "birthday|birthdays|party|congratulations|congrats|celebrate|celebration|hooray|yay|"
            "happy new year|merry christmas",
            "生日|恭喜|慶祝|派對|新年快樂|聖誕|耶|🎂|🎉|🎊|🥳|🎁|🎈",
        ),
        {
            "en": (
                "Woohoo, party time! 🎉",
                "Save me a piece of cake! 🎂",
                "Confetti everywhere! 🎊",
                "This calls for a little dance 💃",
            ),
            "zh_TW": (
                "太棒了，開派對囉！🎉",
                "記得留一塊蛋糕給我！🎂",
                "撒花撒花！🎊",
                "值得跳一支舞 💃",
            ),
        },
    ),
    Mood(
        "night",
        Cue(
            "good night|goodnight|night night|sleep|sleeps|sleeping|sleepy|tired|zzz|bedtime|"
            "nap|yawn|yawning",
            "晚安|睡覺|睡著|想睡|愛睏|好累|午睡|打哈欠|😴|🥱|💤|🛌|🌙",
        ),
        {
            "en": (
                "Good night, sweet dreams 🌙",
                "Sleep tight! 😴",
                "Now I'm yawning too 🥱",
                "Tuck yourself in, tomorrow is a new day 💤",
            ),
            "zh_TW": (
                "晚安，祝你好夢 🌙",
                "好好睡喔 😴",
                "害我也打哈欠了 🥱",
                "快蓋好被子，明天又是新的一天 💤",
            ),
        },
    ),
    Mood(
        "sad",
        Cue(
            "sad|cry|cries|crying|tear|tears|unhappy|lonely|depressed|heartbroken|broken heart|"
            "upset|disappointed|sob|sobbing",
            "難過|傷心|哭|眼淚|流淚|孤單|寂寞|失望|沮喪|心碎|😢|😭|😞|😔|😿|💔|🥺|☹|🙁",
        ),
        {
            "en": (
                "Oh no… come here, have a hug 🫂",
                "It will get better, I promise 💙",
                "Want to talk? I'm all ears.",
                "Virtual hot chocolate for you ☕",
                "Don't cry, or I'll cry too 🥺",
            ),
            "zh_TW": (
                "怎麼了？來，抱一個 🫂",
                "會好起來的，我保證 💙",
                "想聊聊嗎？我都在。",
                "給你一杯熱可可 ☕",
                "不要哭，不然我也要哭了 🥺",
            ),
        },
    ),
    Mood(
        "angry",
        Cue(
            "angry|mad|furious|rage|grumpy|annoyed|hate|upset face|grr+|pouting",
            "生氣|憤怒|火大|氣死|討厭|怒|😠|😡|🤬|😤|👿|💢",
        ),
        {
            "en": (
                "Whoa, deep breath! Who do I have to talk to? 😤",
                "Okay, okay, I'll bring snacks 🍪",
                "That face! I'd better behave 😅",
                "Let it all out. Grrr! 💢",
            ),
            "zh_TW": (
                "深呼吸！是誰惹你生氣？😤",
                "好啦好啦，我帶點心來賠罪 🍪",
                "這個表情！我會乖乖的 😅",
                "通通發洩出來吧，吼！💢",
            ),
        },
    ),
    Mood(
        "thanks",
        Cue(
            "thanks|thank you|thank|thx|ty|grateful|appreciate",
            "謝謝|感謝|多謝|感恩|謝啦|🙏|🙇",
        ),
        {
            "en": (
                "You're so welcome! 😊",
                "Anytime! That's what friends are for.",
                "No, thank *you*! 💐",
                "My pleasure ✨",
            ),
            "zh_TW": (
                "不客氣！😊",
                "隨時都可以，朋友嘛。",
                "應該是我謝謝你！💐",
                "這是我的榮幸 ✨",
            ),
        },
    ),
    Mood(
        "sorry",
        Cue(
            "sorry|apologize|apologise|apologies|forgive me|my bad|oops",
            "對不起|抱歉|不好意思|原諒|歹勢|🙇",
        ),
        {
            "en": (
                "All forgiven! How could I be cross with that? 😌",
                "Don't worry about it at all 💛",
                "Already forgotten. Cake?",
            ),
            "zh_TW": (
                "原諒你了！誰捨得生氣呢？😌",
                "沒關係，別放在心上 💛",
                "我早就忘了，要吃蛋糕嗎？",
            ),
        },
    ),
    Mood(
        "laugh",
        Cue(
            "haha\\w*|lol|lmao|rofl|funny|laugh|laughs|laughing|hilarious|joke|tears of joy|"
            "silly|crazy|clown",
            "哈哈|笑死|好笑|大笑|搞笑|😂|🤣|😹|😆|🤪|🤡",
        ),
        {
            "en": (
                "Hahaha, I can't! 😂",
                "I just spilled my tea 🤣",
                "Okay, that one is going on my fridge.",
                "You're ridiculous, never change 😆",
                "😂",
            ),
            "zh_TW": (
                "哈哈哈，不行了！😂",
                "害我把茶噴出來了 🤣",
                "這張我要貼在冰箱上。",
                "你太好笑了，千萬別變 😆",
                "😂",
            ),
        },
    ),
    Mood(
        "surprise",
        Cue(
            "wow|omg|surprise|surprised|shock|shocked|amazing|astonished|scared|scream|"
            "screaming|exploding head|boo",
            "哇|驚訝|嚇到|震驚|天啊|不會吧|驚喜|😮|😱|🤯|😲|😳|🙀",
        ),
        {
            "en": (
                "WOW! 😮",
                "I did not see that coming!",
                "Wait, what?! Tell me everything.",
                "I jumped off my chair 🙀",
            ),
            "zh_TW": (
                "哇！😮",
                "完全沒想到！",
                "等等，什麼？！快說快說。",
                "我從椅子上跳起來了 🙀",
            ),
        },
    ),
    Mood(
        "agree",
        Cue(
            "ok|okay|yes|yep|yeah|sure|deal|agree|agreed|thumbs up|great|perfect|well done|"
            "good job|clap|clapping|high five|let's go",
            "好的|好喔|好啊|可以|沒問題|同意|讚|很棒|加油|做得好|👍|👌|👏|🙌|💪|✅|🆗",
        ),
        {
            "en": (
                "Deal! 🤝",
                "Perfect, let's do it!",
                "High five! 🙌",
                "Knew I could count on you 👍",
                "👍",
            ),
            "zh_TW": (
                "一言為定！🤝",
                "太好了，就這麼辦！",
                "來擊掌！🙌",
                "就知道可以靠你 👍",
                "👍",
            ),
        },
    ),
    Mood(
        "refuse",
        Cue(
            "no|nope|never|no way|not now|thumbs down|facepalm|eye roll|rolling eyes|whatever",
            "不要|不行|才不|不可以|無言|翻白眼|👎|🙅|🙄|🤦|❌|🚫",
        ),
        {
            "en": (
                "Fair enough! 😄",
                "Pretty please? 🥺",
                "Message received, loud and clear.",
            ),
            "zh_TW": (
                "好吧，尊重你！😄",
                "拜託嘛？🥺",
                "收到，非常清楚。",
            ),
        },
    ),
    Mood(
        "hello",
        Cue(
            "hi+|hello|hey+|good morning|good afternoon|good evening|howdy|wave|waving|"
            "greetings|morning",
            "你好|妳好|哈囉|嗨|早安|午安|早上好|安安|👋|🙋",
        ),
        {
            "en": (
                "Hey you! 👋",
                "Hi! I was just thinking about you.",
                "Hello hello! What are we making today?",
                "Hey! Got a new sticker for me? 👀",
            ),
            "zh_TW": (
                "嗨嗨！👋",
                "你好！我剛剛還在想你呢。",
                "哈囉哈囉！今天要做什麼貼圖？",
                "嘿！有新貼圖給我看嗎？👀",
            ),
        },
    ),
    Mood(
        "bye",
        Cue(
            "bye|goodbye|see you|see ya|cya|farewell|gotta go|later",
            "再見|掰掰|拜拜|先走|下次見|明天見",
        ),
        {
            "en": (
                "Bye! Come back with new stickers 👋",
                "See you soon! 💛",
                "Take care, talk later!",
            ),
            "zh_TW": (
                "掰掰！下次帶新貼圖來 👋",
                "很快再見！💛",
                "保重，晚點聊！",
            ),
        },
    ),
    Mood(
        "hungry",
        Cue(
            "hungry|pizza|hamburger|burger|fries|sushi|ramen|noodles|cake|cookie|donut|doughnut|"
            "ice cream|dinner|lunch|breakfast|yummy|delicious|taco|sandwich|hot dog|coffee|"
            "bubble tea|dumpling|dumplings",
            "餓|吃飯|晚餐|午餐|早餐|宵夜|披薩|漢堡|薯條|壽司|拉麵|蛋糕|餅乾|甜甜圈|冰淇淋|"
            "珍奶|奶茶|咖啡|好吃|水餃|🍕|🍔|🍟|🍣|🍜|🍰|🍪|🍩|🍦|🧋|☕|🌮|🥟|🌭",
        ),
        {
            "en": (
                "Now I'm hungry. Thanks a lot 😋",
                "I'm on my way. Don't start without me!",
                "One for me too, please! 🍽️",
                "My stomach just answered before I could.",
            ),
            "zh_TW": (
                "害我肚子餓了啦 😋",
                "我馬上到，等我再開動！",
                "我也要一份！🍽️",
                "我的肚子比我先回答了。",
            ),
        },
    ),
    Mood(
        "cool",
        Cue(
            "cool|awesome|sunglasses|rock|rocks|epic|legend|legendary|star|superhero|rocket|"
            "winner|champion",
            "酷|帥|厲害|超強|太神|超級英雄|火箭|冠軍|😎|🤩|🔥|🚀|⭐|🌟|🏆|💯",
        ),
        {
            "en": (
                "Too cool for this chat 😎",
                "That's fire! 🔥",
                "Ten out of ten, would stick anywhere.",
                "Legend. 🌟",
            ),
            "zh_TW": (
                "也太酷了吧 😎",
                "超讚的！🔥",
                "滿分十分，貼哪裡都好看。",
                "傳奇等級 🌟",
            ),
        },
    ),
    Mood(
        "happy",
        Cue(
            "happy|smile|smiles|smiling|grin|grinning|joy|joyful|glad|excited|cheerful|"
            "good mood|cute|sweet|lovely|beautiful|adorable",
            "開心|高興|快樂|微笑|笑臉|興奮|可愛|好看|漂亮|幸福|😀|😃|😄|😁|😊|🙂|☺|😸|🌈|☀",
        ),
        {
            "en": (
                "That smile is contagious 😄",
                "Yay, your good mood just jumped over to me!",
                "Sunshine in a sticker ☀️",
                "So cute I might scream 🥹",
            ),
            "zh_TW": (
                "這笑容會傳染 😄",
                "耶，你的好心情跳到我這裡了！",
                "根本是貼圖裡的陽光 ☀️",
                "可愛到我想尖叫 🥹",
            ),
        },
    ),
)

SUBJECTS: tuple[Subject, ...] = (
    Subject(Cue("otter|otters", "水獺|🦦"), {"en": "an otter", "zh_TW": "水獺"}, "🦦"),
    Subject(Cue("cat|cats|kitten|kitty", "貓|🐱|🐈"), {"en": "a cat", "zh_TW": "貓咪"}, "🐱"),
    Subject(
        Cue("dog|dogs|puppy|corgi|shiba", "狗|柴犬|🐶|🐕"), {"en": "a dog", "zh_TW": "狗狗"}, "🐶"
    ),
    Subject(Cue("rabbit|bunny", "兔|🐰|🐇"), {"en": "a bunny", "zh_TW": "兔兔"}, "🐰"),
    Subject(Cue("bear|bears|teddy", "熊|🐻"), {"en": "a bear", "zh_TW": "熊熊"}, "🐻"),
    Subject(Cue("panda|pandas", "貓熊|熊貓|🐼"), {"en": "a panda", "zh_TW": "貓熊"}, "🐼"),
    Subject(Cue("fox|foxes", "狐狸|🦊"), {"en": "a fox", "zh_TW": "狐狸"}, "🦊"),
    Subject(Cue("penguin|penguins", "企鵝|🐧"), {"en": "a penguin", "zh_TW": "企鵝"}, "🐧"),
    Subject(Cue("frog|frogs", "青蛙|🐸"), {"en": "a frog", "zh_TW": "青蛙"}, "🐸"),
    Subject(Cue("monkey|monkeys", "猴|🐵|🐒"), {"en": "a monkey", "zh_TW": "猴子"}, "🐵"),
    Subject(Cue("pig|pigs|piggy", "豬|🐷"), {"en": "a piggy", "zh_TW": "小豬"}, "🐷"),
    Subject(
        Cue("chick|chicken|bird|duck|owl", "雞|鳥|鴨|🐥|🐦|🦆|🦉"),
        {"en": "a birdie", "zh_TW": "小鳥"},
        "🐥",
    ),
    Subject(Cue("unicorn|unicorns", "獨角獸|🦄"), {"en": "a unicorn", "zh_TW": "獨角獸"}, "🦄"),
    Subject(Cue("dragon|dragons|dinosaur", "龍|🐲|🐉|🦖"), {"en": "a dragon", "zh_TW": "龍"}, "🐲"),
    Subject(Cue("robot|robots", "機器人|🤖"), {"en": "a robot", "zh_TW": "機器人"}, "🤖"),
    Subject(Cue("ghost|ghosts", "幽靈|👻"), {"en": "a ghost", "zh_TW": "幽靈"}, "👻"),
    Subject(Cue("alien|aliens|ufo", "外星人|👽|🛸"), {"en": "an alien", "zh_TW": "外星人"}, "👽"),
    Subject(
        Cue("flower|flowers|rose|tulip", "花|🌸|🌹|🌷|🌻"), {"en": "a flower", "zh_TW": "花"}, "🌸"
    ),
)

SUBJECT_REPLIES: Lines = {
    "en": (
        "Is that {name}? I'm obsessed {emoji}",
        "You had me at {emoji}",
        "I always wanted {name} {emoji}",
        "More of these, please! {emoji}{emoji}{emoji}",
    ),
    "zh_TW": (
        "是{name}嗎？我完全被迷住了 {emoji}",
        "看到 {emoji} 我就投降了",
        "我一直好想要{name} {emoji}",
        "拜託再多來幾張！{emoji}{emoji}{emoji}",
    ),
}

STICKER_REPLIES: Lines = {
    "en": (
        "Did you make that yourself? It's great! ✨",
        "Ooh, new sticker! 👀",
        "Okay, I need the whole pack.",
        "Stealing this one 😏",
        "Love it! Make me another?",
        "That one deserves a frame 🖼️",
    ),
    "zh_TW": (
        "這是你自己做的嗎？好棒！✨",
        "哇，新貼圖！👀",
        "好，我要整包。",
        "這張我偷走囉 😏",
        "好喜歡！再做一張給我？",
        "這張值得裱框 🖼️",
    ),
}

PICTURE_REPLIES: Lines = {
    "en": (
        "Nice picture! 📸",
        "Ooh, where is that from?",
        "Wouldn't that make a lovely sticker?",
        "Saved! Send more.",
    ),
    "zh_TW": (
        "照片好好看！📸",
        "哇，這是哪裡來的？",
        "這個做成貼圖一定很可愛吧？",
        "存起來了！再傳幾張。",
    ),
}

QUESTION_REPLIES: Lines = {
    "en": (
        "Hmm, good question 🤔",
        "Let me think… answer me with a sticker first!",
        "I'd say yes. Final answer!",
        "Ask me again in sticker form 😜",
    ),
    "zh_TW": (
        "嗯，好問題 🤔",
        "讓我想想……先用貼圖回答我！",
        "我覺得可以，就這麼決定！",
        "改用貼圖問我一次 😜",
    ),
}

TEXT_REPLIES: Lines = {
    "en": (
        "Tell me more!",
        "I know exactly the sticker for that 😄",
        "Really? And then?",
        "Say it with a sticker! 🎨",
        "Mm-hm, I'm listening 👂",
        "That deserves its own sticker.",
    ),
    "zh_TW": (
        "再多說一點！",
        "這句話有一張貼圖最適合 😄",
        "真的嗎？然後呢？",
        "用貼圖說說看！🎨",
        "嗯嗯，我在聽 👂",
        "這值得做成一張貼圖。",
    ),
}

"""Texts made to hang, crash or flood whatever reads them."""

_WRITTEN = (
    "0 1 9 a A é É I V X x - _ . , ; : ! ? ' \" ( ) [ ] { } < > / \\ | @ # $ % ^ & * + = ~ ` ° º ª ² ½ Ⅷ € £ "
    "1. 1, 1/ 1- 1: 1h 1x 1% 1° 1º 1ª 1e 1k 1o R$ R$1 US$1. -1 +1 --1 1-1 1/2 12/12 12/12/ 14:30 14h30- 1.000 "
    "1,000, a. A. a@ a@b a@b. @a #a a_ a- a/ www. http:// a.com a.com/ ../ Dr. D. S. etc. vc IBGE I. II século "
    "km /km +55 (11) 0800 123.456.789- 01310- kkk :) <3 ... ?! )( 你 ا न م 🙂 👩‍👩‍👧 ﷺ ㎞ 𝟙 ﬁ Ａ １ ٣ ①"
)
_UNSEEN = (
    *(" ", "\n", "\n- ", "\t", "\x00", "\u200b", "\u202e", "\ufeff", "\u0301", "\u0301\u0323", "e\u0301"),
    *("\ud800", "\uffff", "1 a ", "1 x ", "1 km/", "século X, ", "1\u00a0234", "a\u00ad"),
)
WHOLE = [
    "1" + "0" * 300,
    "R$ 1" + "0" * 300 + ",00",
    "0," + "9" * 10_000,
    "1." * 10_000 + "1",
    "1" * 5_000 + "º",
    "2" * 5_000 + "/" + "3" * 5_000,
    "9" * 400 + " km",
    "x^" + "9" * 5_000,
    "00:00:00:00" * 500,
    "25/12/" * 2_000,
    "a@" + "b." * 5_000 + "com",
    "http://" + "a" * 10_000 + "/" + "b" * 10_000,
    "#" * 5_000 + "a" * 5_000,
    "I" * 10_000,
    "século " + "X, " * 5_000,
    "Dr. " * 5_000 + "Silva",
    "A. " * 5_000 + "Silva",
    "(" * 10_000 + "a" + ")" * 10_000,
    "-" * 10_000 + "a",
    "a" + "\u0315\u0300\u05ae\u0315" * 5_000,
    "\u202e" * 5_000 + "abc",
    "".join(chr(number) for number in range(0x20, 0xD7FF, 7)),
    "".join(chr(number) for number in range(0x1F000, 0x1FAFF)),
    "R$ R$ R$ 5 US$ 6 %",
    "-+-+-+5",
    "1º2ª3°4%5km6h7",
    "<script>alert(1)</script>",
    "'; DROP TABLE vozes; --",
    "{{7*7}} ${7*7} %s %n",
    "../../etc/passwd",
    "NaN inf -inf 1e309 0x1F 1e-5",
    "<speak><break time='10s'/></speak>",
]


def hostile(size: int) -> list[str]:
    """Every text of the corpus, what repeats to `size` characters, the others whole."""
    return [each * (size // len(each)) for each in (*_WRITTEN.split(), *_UNSEEN)] + WHOLE

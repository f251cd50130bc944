"""Whether two names of a party mean the same one.

Rule kept here: only spelling may differ. Widths, case, blanks, punctuation, traditional
characters, and the spellings of one legal form are no difference; a branch, a group, another
legal form or one other character is. Pinyin joins a Latin text to a Chinese one, never two
Chinese ones: homophones are different names.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final
from unicodedata import combining, normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNKNOWN: Final = 0
EXACT: Final = 1
SPELLING: Final = 2
PINYIN: Final = 3
NEAR: Final = 4
OTHER: Final = 5

_CACHED: Final = 1 << 16
_NO_LETTER: Final = re.compile(r"[\W_]+")
_WORDS: Final = re.compile(r"[^\W_]+")
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_HAN_POINTS: Final = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
_LIMITED_ZH: Final = ("有限责任公司", "有限公司", "责任有限公司")
_LIMITED: Final = frozenset({"co", "company", "ltd", "limited"})
_LIMITED_PINYIN: Final = ("youxianzerengongsi", "youxiangongsi")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa"})
_PINYIN_MIN: Final = 6
"""Fewest letters of a name that pinyin may identify."""
_TRUNCATED_MIN: Final = 27
"""Banks cut Latin names at 27, 32, 35 characters; shorter ones are whole."""


@cache
def _simplified() -> Mapping[int, str]:
    """Traditional character → simplified, one by one: names are no prose, and tables are fast."""
    # Reads its tables: only where a name needs it.
    from opencc import OpenCC  # type: ignore[import-untyped]  # noqa: PLC0415

    convert: Callable[[str], str] = OpenCC("t2s").convert
    lines = convert("\n".join(map(chr, _HAN_POINTS))).split("\n")
    told = zip(_HAN_POINTS, lines, strict=True)
    return {point: simple for point, simple in told if simple != chr(point)}


@cache
def _speller() -> Callable[[str], list[str]]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - reads its tables: only where needed

    spell: Callable[[str], list[str]] = lazy_pinyin
    return spell


@lru_cache(maxsize=_CACHED)
def folded(name: str) -> str:
    """The name's letters alone: one width, one case, simplified, without its limited form.

    ``股份有限公司``, a branch, ``集团`` and foreign legal forms (GmbH, AG) stay: they tell
    companies apart.
    """
    spread = normalize("NFKC", name).casefold().translate(_UMLAUTS)
    if not spread.isascii():
        if _HAN.search(spread):
            spread = spread.translate(_simplified())
        spread = "".join(it for it in normalize("NFKD", spread) if not combining(it))
    joined = "".join(word for word in _WORDS.findall(spread) if word not in _LIMITED)
    for form in _LIMITED_ZH:
        head, found, tail = joined.partition(form)
        if found and not head.endswith("股份"):
            joined = head + tail
            break
    return joined or _NO_LETTER.sub("", spread)


@lru_cache(maxsize=_CACHED)
def sound(name: str) -> str:
    """How a folded name is written in Latin letters without tones or blanks."""
    told = folded(name)
    if _HAN.search(told):
        told = "".join(_speller()(told))
    told = told.replace("ü", "u").replace("v", "u")
    for form in _LIMITED_PINYIN:
        if told.endswith(form) and len(told) > len(form):
            return told.removesuffix(form)
    return told


def is_chinese(fold: str) -> bool:
    """Whether a folded name has Chinese characters."""
    return _HAN.search(fold) is not None


def compared(left: str, right: str) -> int:
    """How two names stand to each other; a missing one says nothing."""
    if not left or not right:
        return UNKNOWN
    if left == right:
        return EXACT
    one, two = folded(left), folded(right)
    if not one or not two:
        return UNKNOWN
    if one == two:
        return SPELLING
    if bool(_HAN.search(one)) != bool(_HAN.search(two)):
        return _across_scripts(one, two)
    if _cut_off(left, one, two) or _cut_off(right, two, one):
        return SPELLING
    return NEAR if _near(one, two) else OTHER


def _across_scripts(one: str, two: str) -> int:
    """A Chinese and a Latin name: equal by pinyin, or a translation, which nobody can judge."""
    if any(it.isascii() is False and not _HAN.search(it) for it in (one, two)):
        return UNKNOWN
    left, right = sound(one), sound(two)
    return PINYIN if left == right and len(left) >= _PINYIN_MIN else UNKNOWN


def _cut_off(raw: str, short: str, long: str) -> bool:
    """Whether a Latin name breaks off where banks cut names."""
    return len(raw) >= _TRUNCATED_MIN and short.isascii() and long.startswith(short)


def _near(one: str, two: str) -> bool:
    """Whether people could take one for the other: contained, or few characters apart."""
    if one in two or two in one:
        return True
    short, long = sorted((one, two), key=len)
    shared = _common_prefix(short, long)
    shared += min(_common_prefix(short[::-1], long[::-1]), len(short) - shared)
    return 2 * shared >= len(long)


def _common_prefix(one: str, two: str) -> int:
    for at, (left, right) in enumerate(zip(one, two, strict=False)):
        if left != right:
            return at
    return min(len(one), len(two))


def same_account(left: str, right: str) -> int:
    """How two accounts (letters and digits, ``*`` for what is masked) stand to each other.

    What fits a mask says nothing: a few digits are no account.
    """
    if not left or not right:
        return UNKNOWN
    if left == right:
        return EXACT
    if "*" in left or "*" in right:
        return UNKNOWN if _fits(left, right) or _fits(right, left) else OTHER
    short, long = sorted((left.lstrip("0"), right.lstrip("0")), key=len)
    return SPELLING if len(short) >= TAIL_MIN and long.endswith(short) else OTHER


TAIL_MIN: Final = 8
_SHOWN_MIN: Final = 4


def _fits(masked: str, whole: str) -> bool:
    """Whether the digits that a mask leaves are those of the account."""
    shown = masked.replace("*", "")
    if "*" not in masked or len(shown) < _SHOWN_MIN or "*" in whole:
        return False
    head, _, rest = masked.partition("*")
    tail = rest.rpartition("*")[2]
    return whole.startswith(head) and whole.endswith(tail) and len(whole) >= len(shown)

"""Names of companies and banks for comparison: what may differ while the same is meant.

Rule kept here: a folded name only ever serves to compare; what is shown, stored and sent stays as
it was written. Nothing is guessed: widths, case, blanks, punctuation and the words of the legal
form are dropped, and nothing else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

_NO_LETTER: Final = re.compile(r"[\W_]+")
_LEGAL_ZH: Final = ("股份有限公司", "有限责任公司", "股份公司", "有限公司", "公司")
_BEFORE_BRANCH: Final = _LEGAL_ZH[:-1]
"""Not the bare word: ``公司业务部`` is a department for companies."""
_LEGAL_LATIN: Final = frozenset(
    (
        *("co", "company", "corp", "corporation", "inc", "incorporated", "limited"),
        *("llc", "ltd", "plc", "pte", "pty", "gmbh", "ag"),
    )
)
_WORDS: Final = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """The name without widths, case, blanks and punctuation; its words run together."""
    return _NO_LETTER.sub("", normalize("NFKC", name).casefold())


@lru_cache(maxsize=4096)
def core(name: str) -> str:
    """The folded name without the words of its legal form, unless nothing else is left.

    Chinese forms are dropped at the end (``…股份有限公司``) and in front of a branch
    (``…股份有限公司福州分行``); Latin ones as whole words (``Co., Ltd.``).
    """
    spread = normalize("NFKC", name).casefold()
    words = [word for word in _WORDS.findall(spread) if word not in _LEGAL_LATIN]
    joined = "".join(words)
    for form in _LEGAL_ZH:
        shorter = _without_form(joined, form)
        if shorter != joined:
            return shorter or folded(name)
    return joined or folded(name)


def latin_words(name: str) -> frozenset[str]:
    """The words of a name that are written in plain Latin letters, without its legal form."""
    words = _WORDS.findall(normalize("NFKC", name).casefold())
    return frozenset(word for word in words if word.isascii() and word not in _LEGAL_LATIN)


def _without_form(joined: str, form: str) -> str:
    """Drop the form at the end, or where a bank's branch follows it."""
    if joined.endswith(form):
        return joined.removesuffix(form)
    head, found, tail = joined.partition(form)
    branch = found and form in _BEFORE_BRANCH and tail.endswith(("行", "部", "社"))
    return head + tail if branch else joined

"""What a person's match teaches: that this side of the bank is that side of the books.

Rule kept here: a side is its party where it names one (account, name), else its text without its
numbers. What both sides say alike teaches nothing: the engine sees that by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from unicodedata import normalize

import msgspec

from gateway.reconciliation.party import (
    OTHER,
    PINYIN,
    UNKNOWN,
    compared,
    folded,
    same_account,
)

_SEPARATORS: Final = re.compile(r"[\s\-./]")
_DIGITS: Final = re.compile(r"\d+")
_BLANKS: Final = re.compile(r"\s+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LETTERS_MIN: Final = 2
"""Fewest letters of a text that says anything without its numbers."""


class BookingSide(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who a line or an item is about. ``text`` is a pattern, '' where it names a party."""

    name: str = ""
    account: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.name or self.account or self.text)


class Memory(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pair that people confirmed: from which match last, by whom, on which day, how often."""

    id: str
    bank: BookingSide
    book: BookingSide
    match: str
    actor: str
    day: str
    times: int = 1


def side_of(name: str, account: str, text: str) -> BookingSide:
    """The side of a booking by what it says."""
    name, account = name.strip(), _SEPARATORS.sub("", account).upper()
    if "*" in account:  # a mask is no account
        account = ""
    if name or account:
        return BookingSide(name=name, account=account)
    return BookingSide(text=pattern(text))


def pattern(text: str) -> str:
    """A text with one ``#`` for each number, '' for one that says nothing else."""
    plain = _BLANKS.sub(" ", _DIGITS.sub("#", normalize("NFKC", text).casefold())).strip()
    return plain if len(_LETTER.findall(plain)) >= _LETTERS_MIN else ""


def keys_of(side: BookingSide) -> tuple[str, ...]:
    """By what a side is found: its account, its name however it is spelled, or its text."""
    found = [f"a{side.account}"] if side.account else []
    if side.name and (fold := folded(side.name)):
        found.append(f"n{fold}")
    if side.text:
        found.append(f"t{side.text}")
    return tuple(found)


def same(one: BookingSide, other: BookingSide) -> bool:
    """Whether two sides certainly name the same party, or say the same."""
    if one.account and other.account:
        return same_account(one.account, other.account) not in (UNKNOWN, OTHER)
    if one.name and other.name:
        return compared(one.name, other.name) in range(UNKNOWN + 1, PINYIN + 1)
    return bool(one.text) and one.text == other.text


def pair_id(bank: BookingSide, book: BookingSide) -> str:
    """The name of a pair, the same for the same pair."""
    told = [[folded(it.name), it.account, it.text] for it in (bank, book)]
    text = json.dumps(told, ensure_ascii=False).encode()
    return f"rmm_{hashlib.sha256(text).hexdigest()[:32]}"


def contradictions(memories: Sequence[Memory]) -> dict[str, tuple[Memory, ...]]:
    """By id, the memories that say of the same side of the bank that it is another's."""
    by_key: dict[str, list[Memory]] = defaultdict(list)
    for it in memories:
        for key in keys_of(it.bank):
            by_key[key].append(it)
    found: dict[str, dict[str, Memory]] = defaultdict(dict)
    for some in by_key.values():
        for it in some:
            for other in some:
                if other.id != it.id and not same(it.book, other.book) and _may_be(it, other):
                    found[it.id][other.id] = other
    return {name: tuple(others.values()) for name, others in found.items()}


def _may_be(one: Memory, other: Memory) -> bool:
    """Whether nothing tells the bank's sides of two memories apart."""
    left, right = one.bank.account, other.bank.account
    return not left or not right or same_account(left, right) != OTHER


def words(it: Memory, against: Sequence[Memory] = ()) -> str:
    """What a memory says of itself, for people."""
    told = (
        f"据 {it.actor} 于 {it.day} 确认的匹配 {it.match} 记忆（{it.id}）"
        f" / remembered from {it.match}, confirmed by {it.actor} on {it.day} ({it.id})"
    )
    if not against:
        return told
    names = ", ".join(f"{other.id} ({other.match})" for other in against)
    return f"{told}；与 {names} 矛盾 / contradicted by {names}"

"""Lists of names not to be paid (黑名单, sanctions), and how a payee is held against them.

Rule kept here: a hit names the list, the entry and why. Beyond widths, case, punctuation and
the legal form nothing is guessed; that one name contains another is its own, weaker grade.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from gateway.domain.names import core, folded, latin_words
from gateway.domain.party import masked

SIMILAR_LENGTH_MIN: Final = 4
"""Fewer letters than these are found in too many names to say anything."""
SIMILAR_WORDS_MIN: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedName:
    """One entry of a list. ``names`` holds at least one name, account number or code elsewhere.

    It holds from ``valid_from`` to ``valid_to``, both included; None is without a bound.
    """

    list_id: str
    entry_id: str
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    usccs: tuple[str, ...] = ()
    reason: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if not (self.names or self.aliases or self.accounts or self.usccs):
            raise ValueError("an entry lists nothing")

    def holds(self, day: date) -> bool:
        """Whether the entry is in force on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


class Grade(StrEnum):
    """How sure a hit is, surest first."""

    EXACT = "exact"
    NORMALISED = "normalised"
    SIMILAR = "similar"
    """The listed name is contained in the payee's: for a person to look at."""


class By(StrEnum):
    """What of the entry was hit."""

    ACCOUNT = "account"
    USCC = "uscc"
    NAME = "name"
    ALIAS = "alias"


GRADES: Final = tuple(Grade)
WAYS: Final = tuple(By)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameHit:
    """A payee found on a list. ``listed`` is what stands there (an account number masked)."""

    list_id: str
    entry_id: str
    grade: Grade
    by: By
    listed: str
    reason: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is looked for; '' where not known."""

    name: str
    account: str = ""
    uscc: str = ""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A listed text and the entry it stands in."""

    entry: ListedName
    by: By
    text: str


class NameIndex:
    """Entries of any number of lists, ready to be asked about payees: a few look-ups each."""

    __slots__ = ("_cores", "_exact", "_numbers", "_openings", "_words", "size")

    def __init__(self, entries: Iterable[ListedName]) -> None:
        self._exact: dict[str, list[_Spot]] = defaultdict(list)
        self._cores: dict[str, list[_Spot]] = defaultdict(list)
        self._numbers: dict[tuple[By, str], list[_Spot]] = defaultdict(list)
        self._openings: dict[str, list[_Spot]] = defaultdict(list)
        self._words: dict[str, list[_Spot]] = defaultdict(list)
        self.size = 0
        """How many entries there are."""
        worded: list[_Spot] = []
        for entry in entries:
            self.size += 1
            for spot in _spots(entry):
                if spot.by in (By.ACCOUNT, By.USCC):
                    self._numbers[spot.by, plain(spot.text)].append(spot)
                else:
                    self._add_name(spot, worded)
        commonness = Counter(word for spot in worded for word in latin_words(spot.text))
        for spot in worded:
            rarest = min(latin_words(spot.text), key=lambda word: (commonness[word], word))
            self._words[rarest].append(spot)

    def check(self, subject: Subject, on: date) -> tuple[NameHit, ...]:
        """The entries in force on ``on`` that the subject meets, surest first, one hit for each."""
        best: dict[tuple[str, str], tuple[int, int, _Spot]] = {}
        for grade, spot in self._found(subject):
            if spot.entry.holds(on):
                at = (spot.entry.list_id, spot.entry.entry_id)
                rank = (GRADES.index(grade), WAYS.index(spot.by))
                if at not in best or rank < best[at][:2]:
                    best[at] = (*rank, spot)
        ordered = sorted(best.items(), key=lambda it: (it[1][:2], it[0]))
        return tuple(_hit(GRADES[grade], spot) for _, (grade, _, spot) in ordered)

    def _add_name(self, spot: _Spot, worded: list[_Spot]) -> None:
        shortened = core(spot.text)  # '' of nothing but punctuation, which is only met exactly
        self._exact[spot.text].append(spot)
        self._cores[shortened].append(spot)
        if shortened.isascii():
            if len(latin_words(spot.text)) >= SIMILAR_WORDS_MIN:
                worded.append(spot)
        elif len(shortened) >= SIMILAR_LENGTH_MIN:
            self._openings[shortened[:SIMILAR_LENGTH_MIN]].append(spot)

    def _found(self, subject: Subject) -> Iterator[tuple[Grade, _Spot]]:
        for by, number in ((By.ACCOUNT, subject.account), (By.USCC, subject.uscc)):
            for spot in self._numbers.get((by, plain(number)), ()) if number else ():
                yield Grade.EXACT, spot
        for spot in self._exact.get(subject.name, ()):
            yield Grade.EXACT, spot
        asked = core(subject.name)
        for spot in self._cores.get(asked, ()) if asked else ():
            yield Grade.NORMALISED, spot
        for spot in self._contained(subject.name, asked):
            yield Grade.SIMILAR, spot

    def _contained(self, name: str, asked: str) -> Iterator[_Spot]:
        """Listed names that stand inside this one: as letters in Chinese, as words in Latin."""
        if self._openings:
            for start in range(len(asked) - SIMILAR_LENGTH_MIN + 1):
                for spot in self._openings.get(asked[start : start + SIMILAR_LENGTH_MIN], ()):
                    if asked.startswith(core(spot.text), start):
                        yield spot
        if self._words:
            words = latin_words(name)
            for word in words:
                for spot in self._words.get(word, ()):
                    if latin_words(spot.text) <= words:
                        yield spot


def plain(number: str) -> str:
    """An account number or code without blanks, hyphens and widths, in capitals."""
    return folded(number).upper()


def _spots(entry: ListedName) -> Iterator[_Spot]:
    for by, texts in (
        (By.ACCOUNT, entry.accounts),
        (By.USCC, entry.usccs),
        (By.NAME, entry.names),
        (By.ALIAS, entry.aliases),
    ):
        for text in texts:
            yield _Spot(entry, by, text)


def _hit(grade: Grade, spot: _Spot) -> NameHit:
    entry = spot.entry
    listed = masked(spot.text) if spot.by is By.ACCOUNT else spot.text
    way_zh, way_en = _WAY_TEXTS[spot.by]
    grade_zh, grade_en = _GRADE_TEXTS[grade]
    return NameHit(
        list_id=entry.list_id,
        entry_id=entry.entry_id,
        grade=grade,
        by=spot.by,
        listed=listed,
        reason=entry.reason,
        zh=f"收款人的{way_zh}与名单 {entry.list_id} 第 {entry.entry_id} 条{grade_zh}：{listed}",
        en=f"the payee's {way_en} {grade_en} entry {entry.entry_id} of list {entry.list_id}:"
        f" {listed}",
    )


_WAY_TEXTS: Final = {
    By.ACCOUNT: ("账号", "account"),
    By.USCC: ("统一社会信用代码", "unified social credit code"),
    By.NAME: ("名称", "name"),
    By.ALIAS: ("名称（别名）", "name (as an alias)"),
}
_GRADE_TEXTS: Final = {
    Grade.EXACT: ("完全一致", "is the same as that of"),
    Grade.NORMALISED: (
        "一致（不计全半角、大小写、标点和公司后缀）",
        "agrees, but for its form, with",
    ),
    Grade.SIMILAR: ("相似（包含该名称），请人工核对", "contains that of (please look at it)"),
}

"""Offices of banks in the national clearing system (CNAPS, 行名行号), and whose they are.

Rule kept here: a payee's bank is told as own, other, contradictory or unknown, always with the
signs it was told by; what the directory says stands beside the dialect's own rule, and where the
two disagree a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from gateway.domain.names import core, folded

_NUMBER: Final = re.compile(r"[0-9]{12}", re.ASCII)
_MODULUS: Final = 10
_OVER: Final = 11
CITY_SUFFIX: Final = "市"


class OfficeStatus(StrEnum):
    """Whether an office takes part. The strings are stored and imported."""

    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankOffice:
    """One line of the directory.

    ``number`` is the office's 12 digits: bank category (3), area (4), office (4), check digit.
    ``clearing_number`` is the direct participant that clears for it, '' where not told;
    ``valid_from`` None where the file does not date its lines.
    """

    number: str
    name: str
    clearing_number: str = ""
    city: str = ""
    status: OfficeStatus = OfficeStatus.ACTIVE
    valid_from: date | None = None

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise ValueError("an office number has 12 digits")
        if self.clearing_number and not _NUMBER.fullmatch(self.clearing_number):
            raise ValueError("a clearing number has 12 digits")
        if not self.name:
            raise ValueError("an office has a name")

    @property
    def bank_code(self) -> str:
        """The bank's category code (行别代码): the first three digits."""
        return self.number[:3]

    @property
    def area_code(self) -> str:
        """The area's code (地区代码): digits four to seven."""
        return self.number[3:7]


def check_digit(digits: str) -> str:
    """The check digit for the first eleven digits of an office number.

    Source: ISO 7064 MOD 11,10 (GB/T 17710), as the clearing system's numbering prescribes.
    """
    held = _MODULUS
    for digit in digits:
        held = ((held + int(digit)) % _MODULUS or _MODULUS) * 2 % _OVER
    return str((_OVER - held) % _MODULUS)


def number_agrees(number: str) -> bool:
    """Whether these are 12 digits and the last one is their check digit."""
    return _NUMBER.fullmatch(number) is not None and check_digit(number[:-1]) == number[-1]


# ── look-up by name ─────────────────────────────────────────────────────────────────────────


class NameGrade(StrEnum):
    """How an office's name fits what was asked for, best first."""

    EXACT = "exact"
    FOLDED = "folded"
    """Equal but for widths, case, blanks, punctuation and the legal form."""
    BEGINS = "begins"
    CONTAINS = "contains"


GRADES: Final = tuple(NameGrade)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeMatch:
    """An office found by name, and how well its name fits."""

    office: BankOffice
    grade: NameGrade


def grade_of(asked: str, office: BankOffice) -> NameGrade | None:
    """How the office's name fits ``asked``; None when it does not."""
    if office.name == asked:
        return NameGrade.EXACT
    wanted, name = core(asked), core(office.name)
    if wanted == name:
        return NameGrade.FOLDED
    if name.startswith(wanted):
        return NameGrade.BEGINS
    return NameGrade.CONTAINS if wanted in name else None


def ranked(
    asked: str, offices: Iterable[BankOffice], *, limit: int, city: str = ""
) -> tuple[OfficeMatch, ...]:
    """The offices whose name fits, best first: by grade, open before closed, short before long.

    ``city`` (with or without 市) keeps only offices of that city.
    """
    found = [
        OfficeMatch(office=office, grade=grade)
        for office in offices
        if in_city(office, city) and (grade := grade_of(asked, office)) is not None
    ]
    found.sort(
        key=lambda it: (
            GRADES.index(it.grade),
            it.office.status is OfficeStatus.CLOSED,
            len(it.office.name),
            it.office.number,
        )
    )
    return tuple(found[:limit])


def in_city(office: BankOffice, city: str) -> bool:
    """Whether the office lies in ``city``; '' asks for no city."""
    return not city or office.city.removesuffix(CITY_SUFFIX) == city.removesuffix(CITY_SUFFIX)


# ── own bank or other ───────────────────────────────────────────────────────────────────────


class Whose(StrEnum):
    """Whether the payee banks with the paying bank."""

    OWN = "own"
    OTHER = "other"
    CONTRADICTORY = "contradictory"
    UNKNOWN = "unknown"


class Sign(StrEnum):
    """What a verdict rests on."""

    DIALECT = "dialect"
    """The bank's own rule over number, BIC and name."""
    NUMBER = "number"
    """The directory's office of the told number."""
    NAME = "name"
    """The one bank that all offices of exactly this name belong to."""
    CONTRADICTION = "contradiction"
    """Number, BIC and name, which the bank's own rule finds at odds."""
    NUMBER_UNKNOWN = "number_unknown"
    OFFICE_CLOSED = "office_closed"


@dataclass(frozen=True, slots=True)
class SignFound:
    """One sign, and what it says of whose the bank is (None: nothing)."""

    sign: Sign
    own: bool | None = None

    @property
    def zh(self) -> str:
        """The sign in Chinese."""
        return _SIGN_TEXTS[self.sign][0].format(_WHOSE_TEXTS[self.own][0])

    @property
    def en(self) -> str:
        """The sign in English."""
        return _SIGN_TEXTS[self.sign][1].format(_WHOSE_TEXTS[self.own][1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whose the payee's bank is, and every sign that was looked at. ``office`` where one is it."""

    whose: Whose
    signs: tuple[SignFound, ...]
    office: BankOffice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeBank:
    """What a payment says of the payee's bank; '' where it says nothing."""

    cnaps: str = ""
    bic: str = ""
    name: str = ""


def whose_bank(
    payee: PayeeBank,
    *,
    rule: Callable[[str, str, str], bool | None],
    codes: Collection[str],
    by_number: Callable[[str], BankOffice | None] | None = None,
    by_exact_name: Callable[[str], Collection[BankOffice]] | None = None,
) -> Verdict:
    """Tell whose the payee's bank is.

    ``rule`` is the dialect's ``is_own_bank``; ``codes`` are the paying bank's category codes
    (``309``). The two look-ups are the directory's, None where none is loaded: then the answer
    is the rule's own. ``by_exact_name`` gives the offices whose name is the asked one or folds to
    the same.
    """
    try:
        signs = [SignFound(Sign.DIALECT, rule(payee.cnaps, payee.bic, payee.name))]
    except ValueError:
        return Verdict(whose=Whose.CONTRADICTORY, signs=(SignFound(Sign.CONTRADICTION),))
    office: BankOffice | None = None
    if by_number is not None and payee.cnaps:
        office = by_number(payee.cnaps)
        signs += _by_office(office, codes)
    if by_exact_name is not None and payee.name:
        named = by_exact_name(payee.name)
        signs += _by_name(named, codes)
        if not payee.cnaps and len(named) == 1:
            (office,) = named
    said = {sign.own for sign in signs} - {None}
    if len(said) > 1:
        whose = Whose.CONTRADICTORY
    elif said:
        whose = Whose.OWN if said.pop() else Whose.OTHER
    else:
        whose = Whose.UNKNOWN
    return Verdict(whose=whose, signs=tuple(signs), office=office)


def _by_office(office: BankOffice | None, codes: Collection[str]) -> list[SignFound]:
    if office is None:
        return [SignFound(Sign.NUMBER_UNKNOWN)]
    found = [SignFound(Sign.NUMBER, office.bank_code in codes)]
    if office.status is OfficeStatus.CLOSED:
        found.append(SignFound(Sign.OFFICE_CLOSED))
    return found


def _by_name(named: Collection[BankOffice], codes: Collection[str]) -> list[SignFound]:
    """Offices of exactly this name; a name that two banks' offices bear says nothing."""
    said = {office.bank_code in codes for office in named}
    return [SignFound(Sign.NAME, said.pop())] if len(said) == 1 else []


def same_office_name(asked: str, office: BankOffice) -> bool:
    """Whether the office bears this name, but for what folding drops."""
    return folded(office.name) == folded(asked) or core(office.name) == core(asked)


_WHOSE_TEXTS: Final = {
    True: ("本行", "the paying bank"),
    False: ("他行", "another bank"),
    None: ("未知", "unknown"),
}
_SIGN_TEXTS: Final = {
    Sign.DIALECT: ("按行号、BIC 和行名判断：{}", "by number, BIC and name: {}"),
    Sign.NUMBER: ("行号登记为：{}", "the directory knows the number as: {}"),
    Sign.NAME: ("行名登记为：{}", "the directory knows the name as: {}"),
    Sign.NUMBER_UNKNOWN: (
        "行名行号表中没有该行号，请核对或更新行名行号表",
        "the directory has no such number; check it or import a newer directory",
    ),
    Sign.OFFICE_CLOSED: (
        "该网点已停用，请与收款人核对开户行",
        "that office is closed; ask the payee for the present one",
    ),
    Sign.CONTRADICTION: (
        "行号、BIC 与行名互相矛盾，请核对",
        "number, BIC and name of the payee's bank contradict each other; check them",
    ),
}

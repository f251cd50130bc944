"""Whose the payee's bank is, and whether it lies in the payer's city.

Rule kept here: without a directory the sender's own words decide; with one loaded they are held
against it as well, and where the two disagree the sender is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.domain.bank_office import CITY_SUFFIX, BankOffice, PayeeBank, Sign, Whose, whose_bank
from gateway.intake.faults import Faults
from gateway.intake.fields import Fields
from gateway.ports.bank import BankDialect
from gateway.ports.reference import BankOffices
from gateway.ports.tenancy import OwnAccount

AGENT: Final = ("creditor_agent_name", "creditor_agent_cnaps", "creditor_agent_bic")
_NUMBER: Final = "creditor_agent_cnaps"
_OF_NUMBER: Final = {Sign.NUMBER_UNKNOWN: "cnaps_unknown", Sign.OFFICE_CLOSED: "office_closed"}


@dataclass(frozen=True, slots=True)
class Route:
    """Own bank and same city; None where they could not be told."""

    own_bank: bool | None
    local: bool | None


@dataclass(frozen=True, slots=True)
class _Told:
    """Own bank or not (None: not told, and a fault says why), and the office where one is it."""

    own_bank: bool | None
    office: BankOffice | None = None


_NOT_TOLD: Final = _Told(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeBanks:
    """Tells whose a payee's bank is: by the paying bank's rule, and the directory where loaded."""

    dialect: BankDialect
    offices: BankOffices | None
    default_local: bool | None

    def route(self, fields: Fields, own: OwnAccount, faults: Faults) -> Route:
        """Whether the payee banks with the paying bank, and in the same city."""
        told = self._told(fields, faults)
        own_bank = told.own_bank
        if own_bank is None:
            return Route(None, None)
        if not own_bank and not fields.texts["creditor_agent_name"]:
            faults.add("creditor_agent_name", "agent_name_needed")
        local = _same_city(own, fields.texts["creditor_city"], told.office)
        if local is not None:
            return Route(own_bank, local)
        if self.default_local is None and not own_bank:
            faults.add("creditor_city", "local_unknown")
            return Route(own_bank, None)
        return Route(own_bank, True if self.default_local is None else self.default_local)

    def _told(self, fields: Fields, faults: Faults) -> _Told:
        if faults.on(*AGENT):  # a sign that cannot be read leaves the question open
            return _NOT_TOLD
        if self.offices is not None:
            return self._by_directory(fields, self.offices, faults)
        name = fields.texts["creditor_agent_name"]
        try:
            found = self.dialect.is_own_bank(fields.cnaps, fields.bic, name)
        except ValueError:
            _contradict(fields, "bank_contradiction", faults)
            return _NOT_TOLD
        if found is None:
            faults.add("creditor_agent_name", "agent_needed")
        return _Told(found)

    def _by_directory(self, fields: Fields, offices: BankOffices, faults: Faults) -> _Told:
        payee = PayeeBank(
            cnaps=fields.cnaps, bic=fields.bic, name=fields.texts["creditor_agent_name"]
        )
        verdict = whose_bank(
            payee,
            rule=self.dialect.is_own_bank,
            codes=self.dialect.bank_codes,
            by_number=offices.by_number,
            by_exact_name=offices.by_exact_name,
        )
        signs = {it.sign for it in verdict.signs}
        if Sign.CONTRADICTION in signs:
            _contradict(fields, "bank_contradiction", faults)
            return _NOT_TOLD
        for sign, code in _OF_NUMBER.items():
            if sign in signs:
                faults.add(_NUMBER, code)
                return _NOT_TOLD
        if verdict.whose is Whose.CONTRADICTORY or _of_another_bank(payee, offices):
            _contradict(fields, "directory_contradiction", faults)
            return _NOT_TOLD
        if verdict.whose is Whose.UNKNOWN:
            faults.add("creditor_agent_name", "agent_needed")
            return _NOT_TOLD
        return _Told(verdict.whose is Whose.OWN, verdict.office)


def _contradict(fields: Fields, code: str, faults: Faults) -> None:
    name = fields.texts["creditor_agent_name"]
    faults.add("creditor_agent_name" if name else _NUMBER, code)


def _of_another_bank(payee: PayeeBank, offices: BankOffices) -> bool:
    """Whether all offices of the told name belong to other banks than the told number.

    Another office of the same bank is none: many senders give the number of its clearing office.
    """
    if not (payee.cnaps and payee.name):
        return False
    codes = {it.bank_code for it in offices.by_exact_name(payee.name)}
    return bool(codes) and payee.cnaps[:3] not in codes


def _same_city(own: OwnAccount, theirs: str, office: BankOffice | None) -> bool | None:
    """By the cities as they are told; else by the directory: the number's area, or its city."""
    ours = own.party.account.agent
    if ours.city and theirs:
        return _city(ours.city) == _city(theirs)
    if office is None:
        return None
    if ours.cnaps:
        return ours.cnaps[3:7] == office.area_code
    if ours.city and office.city:
        return _city(ours.city) == _city(office.city)
    return None


def _city(name: str) -> str:
    return name.removesuffix(CITY_SUFFIX)

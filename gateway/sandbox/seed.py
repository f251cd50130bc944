"""Fills a new sandbox bank: customers, operators, accounts and payee books from a file.

Rule kept here: names and numbers are invented, and opening balances are booked like any other
money, against the bank's own opening account.
"""

from __future__ import annotations

from datetime import datetime
from importlib import resources

import msgspec

from gateway.domain.money import CNY, Money
from gateway.sandbox.ledger import OPENING, AccountRow, Booking, Ledger, Leg, seconds
from gateway.sandbox.rules import secret


class Operator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who signs on. ``pay`` and ``query`` list account numbers; ``*`` is all of the customer's."""

    user: str
    password: str
    pay: tuple[str, ...] = ()
    query: tuple[str, ...] = ()


class SeedAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of a company. Amounts are decimal text in yuan, '' = none."""

    number: str
    opening: str
    city: str
    status: str = "active"
    business: str = "query,pay"
    limit_once: str = ""
    limit_day: str = ""
    review_above: str = ""


class Company(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A company of a group and its accounts."""

    name: str
    accounts: tuple[SeedAccount, ...]


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of companies under one customer number at the bank."""

    customer: str
    name: str
    enable_sign: bool
    operators: tuple[Operator, ...]
    companies: tuple[Company, ...]


class Payee(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is paid. Without ``agent_name`` the account is at this bank.

    ``fate`` is '', ``returned``, ``super_fails``, ``line_fails`` (in a batch) or ``unnamed`` (a
    batch refused for this payee names no line); ``status`` concerns own-bank accounts.
    """

    account: str
    name: str
    agent_name: str = ""
    agent_cnaps: str = ""
    city: str = ""
    fate: str = ""
    status: str = "active"


class PayeeBook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of payees under a name."""

    name: str
    payees: tuple[Payee, ...]


class Seed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a new sandbox bank knows."""

    groups: tuple[Group, ...]
    payee_books: tuple[PayeeBook, ...]


def shipped() -> Seed:
    """The seed that ships with the product: two groups, six companies, twelve accounts."""
    return read(resources.files(__package__).joinpath("seed.json").read_bytes())


def read(content: bytes) -> Seed:
    """Read a seed file (JSON). Raises msgspec.ValidationError with the place of the fault."""
    return msgspec.json.decode(content, type=Seed)


def plant(ledger: Ledger, seed: Seed, now: datetime) -> None:
    """Put the seed into a ledger; what is there already is left as it is.

    Opening balances are booked once, with ``now`` as their time.
    """
    with ledger.transaction():
        for group in seed.groups:
            ledger.db.execute(
                "INSERT OR IGNORE INTO customer (id, name, enable_sign) VALUES (?, ?, ?)",
                (group.customer, group.name, int(group.enable_sign)),
            )
            for company in group.companies:
                for account in company.accounts:
                    _open(ledger, group, company, account, seconds(now))
            for operator in group.operators:
                _employ(ledger, group, operator)
        for book in seed.payee_books:
            for payee in book.payees:
                _list(ledger, book, payee)


def _open(ledger: Ledger, group: Group, company: Company, account: SeedAccount, at: int) -> None:
    if ledger.account(account.number) is not None:
        return
    ledger.open_account(
        AccountRow(
            number=account.number,
            name=company.name,
            customer=group.customer,
            city=account.city,
            status=account.status,
            business=account.business,
            limit_once=_fen(account.limit_once),
            limit_day=_fen(account.limit_day),
            review_above=_fen(account.review_above),
        )
    )
    opening = _fen(account.opening)
    if opening:
        ledger.book(
            Booking(
                kind="opening",
                at=at,
                remittance="期初余额",
                legs=(
                    Leg(account=OPENING, amount=-opening, counterparty_name=company.name),
                    Leg(account=account.number, amount=opening),
                ),
            )
        )


def _employ(ledger: Ledger, group: Group, operator: Operator) -> None:
    ledger.db.execute(
        "INSERT OR IGNORE INTO operator (customer, user, secret) VALUES (?, ?, ?)",
        (
            *(group.customer, operator.user),
            secret(group.customer, operator.user, operator.password),
        ),
    )
    every = tuple(account.number for company in group.companies for account in company.accounts)
    for business, listed in (("pay", operator.pay), ("query", operator.query)):
        for number in every if "*" in listed else listed:
            ledger.db.execute(
                "INSERT OR IGNORE INTO operator_right (customer, user, account, business)"
                " VALUES (?, ?, ?, ?)",
                (group.customer, operator.user, number, business),
            )


def _list(ledger: Ledger, book: PayeeBook, payee: Payee) -> None:
    if not payee.agent_name:
        ledger.open_account(
            AccountRow(
                number=payee.account,
                name=payee.name,
                city=payee.city,
                status=payee.status,
                business="",
            )
        )
    ledger.db.execute(
        "INSERT OR IGNORE INTO payee (account, name, book, agent_name, agent_cnaps, city, fate)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(payee.account, payee.name, book.name, payee.agent_name, payee.agent_cnaps),
            *(payee.city, payee.fate),
        ),
    )


def _fen(amount: str) -> int:
    return Money.parse(amount, CNY).minor if amount else 0

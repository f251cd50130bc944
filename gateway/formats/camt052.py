"""camt.052: balances of accounts as they are during the day (余额), in .02 and .08.

Codes: ITBD the booked balance, ITAV the available one, PRCD the last closed day's, and the
proprietary ``FROZEN`` for what the bank holds back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from gateway.formats import camt
from gateway.formats.messages import Build, Spool, instant
from gateway.formats.records import only
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import BalanceTold, Told
from gateway.wire.write import Element

NAME: Final = "camt.052"
VERSION: Final = "camt.052.001.02"
VERSIONS: Final = ("camt.052.001.02", "camt.052.001.08")


def writer(version: str = VERSION) -> camt.Write:
    """A function that writes BalanceTold records as this version. Raises KeyError for another."""
    camt.generation_of(version, NAME)

    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        return _written(only(BalanceTold, told), facts, version)

    return write


def _written(told: tuple[BalanceTold, ...], facts: FileFacts, version: str) -> Iterator[bytes]:
    spool = Spool()
    with camt.message(spool, version, "BkToCstmrAcctRpt", facts) as (out, build):
        for number, balance in enumerate(told, start=1):
            with out.inside("Rpt"):
                out.put(*_report(build, balance, camt.own_id(facts, number)))
            if spool.full():
                yield spool.take()
    yield spool.take()


def _report(build: Build, told: BalanceTold, own_id: str) -> Iterator[Element | None]:
    yield build.leaf("Id", own_id)
    yield build.leaf("CreDtTm", instant(told.asked_at))
    yield camt.account(build, told.account, told.currency, told.account_name)
    yesterday = told.day - timedelta(days=1)
    yield camt.balance(build, "PRCD", told.previous_day, told.currency, yesterday)
    yield camt.balance(build, "ITBD", told.ledger, told.currency, told.day)
    yield camt.balance(build, "ITAV", told.available, told.currency, told.day)
    yield camt.balance(build, "FROZEN", told.frozen, told.currency, told.day)

"""camt.054: money that has come in (到账通知), in .02 and .08, one notification per account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from gateway.formats import camt
from gateway.formats.entries import Entries
from gateway.formats.messages import Spool, instant
from gateway.formats.records import only
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import CreditTold, Told

NAME: Final = "camt.054"
VERSION: Final = "camt.054.001.02"
VERSIONS: Final = ("camt.054.001.02", "camt.054.001.08")


def writer(version: str = VERSION) -> camt.Write:
    """A function that writes CreditTold records as this version. Raises KeyError for another."""
    generation = camt.generation_of(version, NAME)

    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        return _written(only(CreditTold, told), facts, version, Entries(generation))

    return write


def _written(
    told: tuple[CreditTold, ...], facts: FileFacts, version: str, entries: Entries
) -> Iterator[bytes]:
    spool = Spool()
    with camt.message(spool, version, "BkToCstmrDbtCdtNtfctn", facts) as (out, build):
        runs = groupby(told, key=lambda it: (it.account, it.currency))
        for number, ((account, currency), run) in enumerate(runs, start=1):
            these = list(run)
            with out.inside("Ntfctn"):
                out.put(
                    build.leaf("Id", camt.own_id(facts, number)),
                    build.leaf("CreDtTm", instant(facts.created)),
                    camt.account(build, account, currency, these[0].account_name),
                )
                for credit in these:
                    out.put(entries.element(credit.entry))
                    if spool.full():
                        yield spool.take()
    yield spool.take()

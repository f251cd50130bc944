"""camt.053: statements of accounts (对账单), in .02 and .08, streamed.

Left out, for want of a place: the balance after each entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.formats import camt
from gateway.formats.amounts import Totals, balances, decimals_of, totals, unsigned
from gateway.formats.entries import LATER, Entries
from gateway.formats.messages import Build, Spool, instant
from gateway.formats.records import only
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import StatementTold, Told
from gateway.wire.write import Element

NAME: Final = "camt.053"
VERSION: Final = "camt.053.001.02"
"""What SAP, Oracle, Tryton and Odoo read without questions."""
VERSIONS: Final = ("camt.053.001.02", "camt.053.001.08")


def writer(version: str = VERSION) -> camt.Write:
    """A function that writes StatementTold records as this version. Raises KeyError for another."""
    generation = camt.generation_of(version, NAME)

    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        return _written(only(StatementTold, told), facts, version, Entries(generation))

    return write


def _written(
    told: tuple[StatementTold, ...], facts: FileFacts, version: str, entries: Entries
) -> Iterator[bytes]:
    spool = Spool()
    with camt.message(spool, version, "BkToCstmrStmt", facts) as (out, build):
        for number, statement in enumerate(told, start=1):
            with out.inside("Stmt"):
                out.put(*_head(build, statement, facts, number))
                out.put(_summary(build, statement, later=version.endswith(LATER)))
                for entry in statement.entries:
                    out.put(entries.element(entry))
                    if spool.full():
                        yield spool.take()
    yield spool.take()


def _head(
    build: Build, told: StatementTold, facts: FileFacts, number: int
) -> Iterator[Element | None]:
    node, leaf = build.node, build.leaf
    opening, closing = balances(told)
    yield leaf("Id", camt.usable_id(told.statement_id, facts, number))
    yield leaf("ElctrncSeqNb", str(told.sequence) if told.sequence else "")
    yield leaf("CreDtTm", instant(told.created))
    yield node(
        "FrToDt",
        leaf("FrDtTm", camt.day_edge(told.start, last=False)),
        leaf("ToDtTm", camt.day_edge(told.end, last=True)),
    )
    yield camt.account(build, told.account, told.currency, told.account_name)
    yield camt.balance(build, "OPBD", opening, told.currency, told.start)
    yield camt.balance(build, "CLBD", closing, told.currency, told.end)
    yield camt.balance(build, "CLAV", told.available, told.currency, told.end)


def _summary(build: Build, told: StatementTold, *, later: bool) -> Element | None:
    found = totals(told.entries, decimals_of(told.opening or told.closing))
    node, leaf = build.node, build.leaf
    net, direction = unsigned(found.net), camt.direction(found.net)
    tail = [leaf("TtlNetNtryAmt", net), leaf("CdtDbtInd", direction)]
    if later:
        tail = [node("TtlNetNtry", leaf("Amt", net), leaf("CdtDbtInd", direction))]
    return node(
        "TxsSummry",
        node(
            "TtlNtries",
            leaf("NbOfNtries", str(found.count)),
            leaf("Sum", found.total),
            *tail,
        ),
        *_each_way(build, found),
    )


def _each_way(build: Build, found: Totals) -> Iterator[Element | None]:
    node, leaf = build.node, build.leaf
    yield node(
        "TtlCdtNtries",
        leaf("NbOfNtries", str(found.credits)),
        leaf("Sum", found.credit_sum),
    )
    yield node(
        "TtlDbtNtries",
        leaf("NbOfNtries", str(found.debits)),
        leaf("Sum", found.debit_sum),
    )

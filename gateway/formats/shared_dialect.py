"""A treasury system that shares tables, and sends the same rows as JSON, as an ERP dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.formats.shared_messages import SharedMessages
from gateway.formats.shared_names import OPTIONS, SharedNames, named
from gateway.formats.shared_results import shared_tables
from gateway.ports.erp import ErpDialect, ErpTransport, Product
from gateway.ports.erp_tables import ErpTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one vendor's systems are proposed: names, and what is said of the products."""

    code: str
    title_zh: str
    title_en: str
    names: SharedNames
    codes: Mapping[str, Mapping[str, str]]
    products: tuple[Product, ...]


def shared_dialect(proposal: Proposal) -> ErpDialect:
    """The dialect with the proposal's own names; ``with_options`` gives it a client's."""

    def with_options(options: Mapping[str, str]) -> ErpDialect:
        names = named(proposal.names, options)
        messages = SharedMessages(names)
        return ErpDialect(
            name=proposal.code,
            title_zh=proposal.title_zh,
            title_en=proposal.title_en,
            read=messages.read,
            report=messages.report,
            content_type="application/json",
            sniff=messages.sniff,
            refuse=messages.refuse,
            files=messages.writers(),
            questions=messages.questions,
            asks=messages.asks,
            with_options=with_options,
            tables=tables,
            options=OPTIONS,
            codes=proposal.codes,
            transports=frozenset({ErpTransport.TABLES, ErpTransport.REST}),
            products=proposal.products,
        )

    def tables(options: Mapping[str, str]) -> ErpTables:
        return shared_tables(named(proposal.names, options))

    return with_options({})

"""金蝶云苍穹 / 星瀚 as a dialect: bank payment bills of BEI, posted to us or fetched by kapi."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.erp.kingdee import cosmic_calls, cosmic_login, cosmic_tell
from adapters.erp.kingdee.answering import COSMIC_ANSWERS
from adapters.erp.kingdee.codes import PAY_REFUSED, PAY_STATE, PAY_STATES, codes_of
from adapters.erp.kingdee.cosmic_bill import Reader, asks, pull, questions, sniff
from adapters.erp.kingdee.cosmic_options import OPTIONS, SECRETS, CosmicOptions, cosmic_options
from adapters.erp.kingdee.cosmic_reply import refuse, report
from adapters.erp.kingdee.products import COSMIC_PRODUCTS
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_api import Access, Call, ErpApi, Moment, Telling
from gateway.ports.erp_told import ToldKind


def api(options: Mapping[str, str]) -> ErpApi:
    """The kapi under these options. Raises Refused with faults."""
    read = cosmic_options(options)
    return ErpApi(
        tell=_tellings(read), login=cosmic_login.login(read), sign=_identified, pull=pull(read)
    )


def _identified(call: Call, access: Access, _moment: Moment) -> Call:
    return cosmic_calls.identified(call, access)


def _with_options(options: Mapping[str, str]) -> ErpDialect:
    return replace(COSMIC, read=Reader(cosmic_options(options, calling=False)).read)


def _tellings(options: CosmicOptions) -> dict[ToldKind, Telling]:
    found = {}
    if options["status_path"]:
        found[ToldKind.STATUS] = cosmic_tell.status(options)
    if options["entry_path"]:
        found[ToldKind.STATEMENT] = cosmic_tell.entries(options)
        found[ToldKind.CREDIT] = cosmic_tell.incoming(options)
    if options["balance_path"]:
        found[ToldKind.BALANCE] = cosmic_tell.balances(options)
    if options["receipt_path"]:
        found[ToldKind.RECEIPT] = cosmic_tell.receipts(options)
    return found


COSMIC: Final = ErpDialect(
    name="kingdee/cosmic",
    title_zh="金蝶云苍穹 / 星瀚（银企互联 kapi）",
    title_en="Kingdee Cosmic (BEI through kapi)",
    read=Reader(cosmic_options({}, calling=False)).read,
    report=report,
    content_type="application/json",
    sniff=sniff,
    refuse=refuse,
    files=COSMIC_ANSWERS,
    questions=questions,
    asks=asks,
    api=api,
    with_options=_with_options,
    options=OPTIONS,
    secrets=SECRETS,
    codes={PAY_STATE: codes_of(PAY_STATES, PAY_REFUSED)},
    transports=frozenset({ErpTransport.REST, ErpTransport.API}),
    products=COSMIC_PRODUCTS,
)

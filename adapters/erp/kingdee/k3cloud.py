"""金蝶云星空 as a dialect: bills posted to us (K1), its WebAPI called by us (K2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.erp.kingdee import k3_calls, k3_entries, k3_receipt, k3_status
from adapters.erp.kingdee.answering import K3_ANSWERS
from adapters.erp.kingdee.codes import BILL_REFUSED, BILL_STATES, BILL_STATUS, codes_of
from adapters.erp.kingdee.k3_options import HEADERS, OPTIONS, SECRETS, K3Options, k3_options
from adapters.erp.kingdee.k3_pull import pull
from adapters.erp.kingdee.k3_read import Reader, asks, questions, sniff
from adapters.erp.kingdee.k3_reply import refuse, report
from adapters.erp.kingdee.products import K3CLOUD_PRODUCTS
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_api import Access, Call, ErpApi, Moment, Telling
from gateway.ports.erp_told import ToldKind

_POSTED: Final = k3_options({}, calling=False)
"""Messages posted to us are read with the names that every installation has."""


def api(options: Mapping[str, str]) -> ErpApi:
    """The WebAPI under these options. Raises Refused with faults."""
    read = k3_options(options)
    signed = read["auth"] == HEADERS
    return ErpApi(
        tell=_tellings(read),
        login=None if signed else k3_calls.login(read),
        sign=partial(_sign, read) if signed else None,
        pull=pull(read),
    )


def _with_options(options: Mapping[str, str]) -> ErpDialect:
    """Bills that are posted are read with this installation's names and numbers."""
    return replace(K3CLOUD, read=Reader(k3_options(options, calling=False)).read)


def _sign(options: K3Options, call: Call, access: Access, moment: Moment) -> Call:
    return k3_calls.sign(options, call, access, moment)


def _tellings(options: K3Options) -> dict[ToldKind, Telling]:
    found = {ToldKind.STATUS: k3_status.telling(options)}
    if options["entry_form"]:
        found[ToldKind.STATEMENT] = k3_entries.entries(options)
        found[ToldKind.CREDIT] = k3_entries.incoming(options)
        found[ToldKind.RECEIPT] = k3_receipt.telling(options)
    if options["balance_form"]:
        found[ToldKind.BALANCE] = k3_entries.balances(options)
    return found


K3CLOUD: Final = ErpDialect(
    name="kingdee/k3cloud",
    title_zh="金蝶云星空（K/3 Cloud WebAPI）",
    title_en="Kingdee K/3 Cloud (WebAPI)",
    read=Reader(_POSTED).read,
    report=report,
    content_type="application/json",
    sniff=sniff,
    refuse=refuse,
    files=K3_ANSWERS,
    questions=questions,
    asks=asks,
    api=api,
    with_options=_with_options,
    options=OPTIONS,
    secrets=SECRETS,
    codes={BILL_STATUS: codes_of(BILL_STATES, BILL_REFUSED)},
    transports=frozenset({ErpTransport.REST, ErpTransport.API}),
    products=K3CLOUD_PRODUCTS,
)

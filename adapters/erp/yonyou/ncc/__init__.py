"""NC Cloud through its OpenAPI: instructions fetched, states and statements written back (JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.ncc import answers, calls, paylog, records, status
from adapters.erp.yonyou.ncc.options import OPTIONS, NccOptions, ncc_options
from adapters.erp.yonyou.products import NCC_PRODUCTS
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_api import ErpApi
from gateway.ports.erp_told import ToldKind

__all__ = ["DIALECT"]


def _api(options: Mapping[str, str]) -> ErpApi:
    """The OpenAPI of a system. Raises Refused with every fault of its options."""
    read = ncc_options(options)
    tell = records.records(read)
    if read["status_path"]:
        tell[ToldKind.STATUS] = status.status(read)
    return ErpApi(tell=tell, login=calls.login(read), pull=paylog.pull(read))


def _with_options(options: Mapping[str, str]) -> ErpDialect:
    """The dialect that reads what this site's options call its fields. Raises Refused."""
    return _reading(_PLAIN, ncc_options(options, calling=False))


def _reading(dialect: ErpDialect, options: NccOptions) -> ErpDialect:
    return replace(dialect, read=paylog.reading(options), sniff=paylog.sniffing(options))


_PLAIN: Final = ErpDialect(
    name="yonyou/ncc",
    title_zh="用友 NC Cloud（OpenAPI）",
    title_en="Yonyou NC Cloud (OpenAPI)",
    report=answers.report,
    refuse=answers.refuse,
    content_type="application/json",
    api=_api,
    options=OPTIONS,
    secrets=frozenset({"client_secret"}),
    codes={
        "ebankpaylog.paystate": codes.by_name(codes.PAY_STATE),
    },
    transports=frozenset({ErpTransport.API, ErpTransport.REST}),
    products=NCC_PRODUCTS,
)
DIALECT: Final = replace(
    _reading(_PLAIN, ncc_options({}, calling=False)), with_options=_with_options
)

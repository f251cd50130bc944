"""YonBIP and YonSuite: JSON over HTTPS, with a token got by a signature."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.products import YONBIP_PRODUCTS
from adapters.erp.yonyou.yonbip import accounts, receipts, status
from adapters.erp.yonyou.yonbip.exchange import read, refuse, report, sniff
from adapters.erp.yonyou.yonbip.login import LOGIN
from adapters.erp.yonyou.yonbip.pull import PULL
from gateway.domain.errors import Fault, Refused
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_api import ErpApi, Telling
from gateway.ports.erp_told import ToldKind

__all__ = ["DIALECT"]

_FORMS: Final = {
    "app_key": re.compile(r"[\x21-\x7e]{1,128}", re.ASCII),
    "token_path": re.compile(r"/[\w./-]{1,200}", re.ASCII),
    "statuses": re.compile(r"[12](?:,[12])?", re.ASCII),
    "page_size": re.compile(r"[1-9][0-9]{0,2}", re.ASCII),
    "accounts": re.compile(r"[0-9A-Za-z-]{1,32}(?:, ?[0-9A-Za-z-]{1,32})*", re.ASCII),
    "expect_date": re.compile(r"use|ignore"),
    "organisation": re.compile(r"\S{1,64}"),
    "merged_member": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII),
}
_UNDECIDED: Final = "不回写，单据保持在途 / nothing is written: it stays on the way"
_NO_STOP: Final = "此接口只止付 / only a stop is told there"
_TELL: Final[Mapping[ToldKind, Telling]] = {
    ToldKind.STATUS: status.TELLING,
    ToldKind.STATEMENT: accounts.STATEMENT,
    ToldKind.CREDIT: accounts.CREDIT,
    ToldKind.BALANCE: accounts.BALANCE,
    ToldKind.RECEIPT: receipts.TELLING,
}


def _api(options: Mapping[str, str]) -> ErpApi:
    """The API of a system. Raises Refused with every fault of its options."""
    _refuse_faults(options, needed=frozenset({"app_key"}))
    return ErpApi(tell=_TELL, login=LOGIN, pull=PULL)


def _with_options(options: Mapping[str, str]) -> ErpDialect:
    """The dialect that reads pushed documents as a system's options say. Raises Refused."""
    _refuse_faults(options, needed=frozenset())
    member = options.get("merged_member", "")
    return replace(_PLAIN, read=partial(read, merged_by=member))


def _refuse_faults(options: Mapping[str, str], needed: frozenset[str]) -> None:
    faults = [
        Fault(
            path=f"/options/{name}",
            code="option",
            zh=f"选项 {name} 缺失或格式不对，见 adapters/erp/yonyou/README.md",
            en=f"option {name} is missing or of another form: adapters/erp/yonyou/README.md",
        )
        for name, form in _FORMS.items()
        if (name in options or name in needed) and not form.fullmatch(options.get(name, ""))
    ]
    if faults:
        raise Refused("options of a YonBIP system", "YonBIP 系统的选项有误", faults)


_PLAIN: Final = ErpDialect(
    name="yonyou/yonbip",
    title_zh="用友 YonBIP / YonSuite（OpenAPI）",
    title_en="Yonyou YonBIP / YonSuite (OpenAPI)",
    read=read,
    report=report,
    refuse=refuse,
    content_type="application/json",
    sniff=sniff,
    api=_api,
    options=frozenset({*_FORMS, "token_url"}),
    secrets=frozenset({"app_secret"}),
    per_source=True,
    codes={
        "settlement/batch/feedback": codes.by_name(codes.FEEDBACK, _UNDECIDED),
        "settlement/autoStopPay": codes.by_name(codes.STOP, _NO_STOP),
        "settlement detail": codes.by_name(codes.DETAIL),
        "updateSettleDataAndGeneratorVoucher": codes.by_name(codes.FUND_PAYMENT, _UNDECIDED),
        "instruct/batchSaveStateChange": codes.by_name(codes.INSTRUCTION, _UNDECIDED),
        "dataBatchDetailList.paystatus": codes.by_name(codes.PAYROLL_LINE, _UNDECIDED),
        "paystatus": codes.by_name(codes.PAY_STATUS),
    },
    transports=frozenset({ErpTransport.API, ErpTransport.REST, ErpTransport.FOLDER}),
    products=YONBIP_PRODUCTS,
)
DIALECT: Final = replace(_PLAIN, with_options=_with_options)

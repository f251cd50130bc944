"""What the settings say of an NCC system, read once and checked.

Rule kept here: the vendor publishes how to log in and to sign, not one call of its treasury; so
every path, header, field and code is an option with a default, and README.md says what each
rests on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.bills import Words
from adapters.erp.yonyou.choices import words_of
from adapters.erp.yonyou.ncc.sealing import OAEP, PKCS1, PublicKey, public_key
from adapters.erp.yonyou.telling import CREDIT, DEBIT
from gateway.domain.errors import Fault, Refused

PLAIN: Final = "L0"
PACKED: Final = "L2"
"""Levels of a message's body: as it is, or compressed. The others encrypt with the token's key."""
_DEFAULTS: Final[Mapping[str, str]] = {
    # the log-in
    "client_id": "",
    "biz_center": "",
    "public_key": "",
    "dsname": "",
    "usercode": "",
    "token_path": "/nccloud/opm/accesstoken",
    "token_life_s": "900",
    "scheme": OAEP,
    # every call
    "call_salt": "",
    "secret_level": PLAIN,
    "header_token": "access_token",
    "header_client": "client_id",
    "header_signature": "signature",
    "header_repeat": "repeat_check",
    "header_busi": "busi_id",
    "header_flag": "ucg_flag",
    "repeat_check": "Y",
    "ucg_flag": "y",
    # resources as the site published them; '' is not told
    "pull_path": "/nccloud/api/obm/ebankpaylog/query",
    "status_path": "/nccloud/api/obm/ebankpaylog/updatestate",
    "line_path": "/nccloud/api/obm/ebankdzd/save",
    "line_query_path": "/nccloud/api/obm/ebankdzd/query",
    "balance_path": "/nccloud/api/obm/ebankbalance/save",
    "balance_query_path": "/nccloud/api/obm/ebankbalance/query",
    "receipt_path": "/nccloud/api/obm/yhhd/save",
    "receipt_query_path": "/nccloud/api/obm/yhhd/query",
    # documents
    "fields": "",
    "waiting": "",
    "organisation": "",
    "accounts": "",
    "currencies": "",
    "expect_date": "use",
    "page_size": "100",
    # codes
    "paystate_paid": codes.PAY_STATES[codes.PAID],
    "paystate_failed": codes.PAY_STATES[codes.NOT_PAID],
    "paystate_unknown": codes.PAY_STATES[codes.UNKNOWN],
    "paystate_processing": codes.PAY_STATES[codes.UNDER_WAY],
    "cdflag_debit": DEBIT,
    "cdflag_credit": CREDIT,
}
OPTIONS: Final = frozenset(_DEFAULTS)
_REQUIRED: Final = ("client_id", "biz_center", "public_key")
_MAY_BE_EMPTY: Final = frozenset(
    {
        *_REQUIRED,
        *("dsname", "usercode", "call_salt", "repeat_check", "ucg_flag"),
        *("status_path", "line_path", "balance_path", "receipt_path"),
        *("line_query_path", "balance_query_path", "receipt_query_path"),
        *("fields", "waiting", "organisation", "accounts", "currencies"),
    }
)
_PATH: Final = re.compile(r"/[\w./-]{1,200}", re.ASCII)
_HEADER: Final = re.compile(r"[A-Za-z][\w-]{0,63}", re.ASCII)
_CODE: Final = re.compile(r"-?[0-9A-Za-z]{1,8}", re.ASCII)
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "client_id": re.compile(r"[\x21-\x7e]{1,128}", re.ASCII),
    "public_key": re.compile(r"[\w+/=\s-]{1,4096}", re.ASCII),
    "token_life_s": re.compile(r"[1-9][0-9]{1,5}", re.ASCII),
    "scheme": re.compile(f"{OAEP}|{PKCS1}"),
    "call_salt": re.compile(r"[YN]"),
    "secret_level": re.compile(f"{PLAIN}|{PACKED}"),
    "repeat_check": re.compile(r"[\x21-\x7e]{1,16}", re.ASCII),
    "ucg_flag": re.compile(r"[\x21-\x7e]{1,16}", re.ASCII),
    "waiting": re.compile(r"-?[0-9A-Za-z]{1,8}(?:, ?-?[0-9A-Za-z]{1,8})*", re.ASCII),
    "accounts": re.compile(r"[0-9A-Za-z-]{1,32}(?:, ?[0-9A-Za-z-]{1,32})*", re.ASCII),
    "fields": re.compile(r"[A-Za-z]\w*=[A-Za-z]\w*(?:, ?[A-Za-z]\w*=[A-Za-z]\w*)*", re.ASCII),
    "currencies": re.compile(r"[^=,\s]+=[A-Z]{3}(?:, ?[^=,\s]+=[A-Z]{3})*", re.ASCII),
    "expect_date": re.compile(r"use|ignore"),
    "page_size": re.compile(r"[1-9][0-9]{0,2}", re.ASCII),
}
_TEXT: Final = re.compile(r"\S{1,64}")

_ENVELOPE: Final = frozenset(
    {"success", "code", "message", "data", "rows", "results", "pageIndex", "pageSize", "gwid"}
)
_GROUPS: Final[tuple[frozenset[str], ...]] = (
    _ENVELOPE,
    frozenset(
        {
            *("gwid", "yurref", "srcpkid", "pk_ebank_paylog", "headpackageid", "pk_org"),
            *("dbtacc", "dbtaccname", "crtacc", "crtaccname", "crtbranchname", "crtbranchid"),
            *("crtcity", "trsamt", "c_ccynbr", "nusage", "busnar", "eptdat", "paystate"),
            *("reconciliationcode", "payresultcode", "payerrmsg", "paymsg", "paytime"),
            *("isrefund", "gwstate", "gwreason", "bankseqno", "destyurref"),
        }
    ),
    frozenset(
        {
            *("gwid", "curacc", "trans_date", "trans_time", "oppacc", "oppname", "oppbank"),
            *("cdflag", "cdtdbtind", "trsamt", "balance", "currcode", "trans_abstr", "nusage"),
            *("yurref", "check_num", "accthostseqid", "uid2", "reconciliationcode"),
            *("bookgdt", "valdt", "srcyurref"),
        }
    ),
    frozenset(
        {
            *("gwid", "bankacc", "bankaccname", "curdate", "querytime", "yesterdaybalance"),
            *("balance", "usablebalance", "frozenbalance", "currcode"),
        }
    ),
    frozenset(
        {
            *("gwid", "receiptno", "bankacc", "trans_date", "cdflag", "trsamt", "currcode"),
            *("oppacc", "oppname", "accthostseqid", "yurref"),
            *("filename", "filedigest", "filecontent"),
        }
    ),
)
"""Names that may be others on a site, by the message that bears them together."""
_VOCABULARY: Final = frozenset[str]().union(*_GROUPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NccOptions:
    """The options of one NCC system, defaults filled in."""

    values: Mapping[str, str]
    fields: Mapping[str, str]
    currencies: Mapping[str, str]
    words: Words

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def named(self, name: str) -> str:
        """What a field of the data model is called on this site."""
        return self.fields.get(name, name)

    def many(self, name: str) -> frozenset[str]:
        """An option that lists several, separated by commas."""
        return frozenset(self.values[name].replace(" ", "").split(",")) - {""}

    @property
    def key(self) -> PublicKey:
        """The application's public key, which was checked when the options were."""
        return public_key(self.values["public_key"])

    @property
    def salted(self) -> bool:
        """Whether signatures of calls bear the key's salt, as those of the log-in do."""
        return (self["call_salt"] or ("Y" if self["scheme"] == OAEP else "N")) == "Y"


def ncc_options(options: Mapping[str, str], *, calling: bool = True) -> NccOptions:
    """Read options. Raises Refused with every fault.

    ``calling`` False: the system only posts to us, and is not called. Options that are not ours
    are the transport's.
    """
    ours = {name: text for name, text in options.items() if name in OPTIONS}
    faults = [*_formless(ours), *_contradicting({**_DEFAULTS, **ours}, calling=calling)]
    if faults:
        raise Refused("options of an NCC system", "NCC 系统的选项有误", faults)
    values = {**_DEFAULTS, **ours}
    return NccOptions(
        values=values,
        fields=_pairs(values["fields"]),
        currencies=_pairs(values["currencies"]),
        words=words_of(values),
    )


def _formless(ours: Mapping[str, str]) -> Iterator[Fault]:
    for name in sorted(ours):
        text = ours[name]
        if not (_form(name).fullmatch(text) or (not text and name in _MAY_BE_EMPTY)):
            yield _fault(name, "格式不对", "is of another form")


def _form(name: str) -> re.Pattern[str]:
    if name in _FORMS:
        return _FORMS[name]
    if name.endswith("_path"):
        return _PATH
    if name.startswith("header_"):
        return _HEADER
    return _CODE if name.startswith(("paystate_", "cdflag_")) else _TEXT


def _contradicting(values: Mapping[str, str], *, calling: bool) -> Iterator[Fault]:
    for name in _REQUIRED if calling else ():
        if not values[name]:
            yield _fault(name, "必填", "must be given")
    if values["public_key"]:
        try:
            public_key(values["public_key"])
        except ValueError:
            yield _fault("public_key", "不是 RSA 公钥（Base64）", "is no RSA key in Base64")
    for what in ("line", "balance", "receipt"):
        if values[f"{what}_path"] and not values[f"{what}_query_path"]:
            zh, en = "须与写入路径同时给出", "is needed beside the path that writes"
            yield _fault(f"{what}_query_path", zh, en)
    yield from _unclear(values)
    fields = _pairs(values["fields"])
    if fields.keys() - _VOCABULARY:
        yield _fault("fields", "含未知字段名", "names a field that is not known")
    elif any(len({fields.get(it, it) for it in group}) < len(group) for group in _GROUPS):
        yield _fault("fields", "使两个字段同名", "gives two fields of a message one name")


def _unclear(values: Mapping[str, str]) -> Iterator[Fault]:
    """Codes that mean two things: whoever reads one as two outcomes would pay again, or never."""
    states = set(words_of(values).pay_states.values())
    if len(states) != len(codes.PAY_STATES):
        yield _fault("paystate_*", "的取值相互重复", "has one number for two outcomes")
    if states & set(values["waiting"].replace(" ", "").split(",")):
        yield _fault("waiting", "不得含结果状态", "must not hold the number of an outcome")
    if values["cdflag_debit"] == values["cdflag_credit"]:
        yield _fault("cdflag_*", "的取值相互重复", "has one number for debit and credit")


def _pairs(written: str) -> dict[str, str]:
    found = (part.partition("=") for part in written.split(",") if "=" in part)
    return {name.strip(): text.strip() for name, _, text in found}


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(
        path=f"/options/{name}",
        code="option",
        zh=f"选项 {name} {zh}，见 adapters/erp/yonyou/README.md",
        en=f"option {name} {en}: adapters/erp/yonyou/README.md",
    )

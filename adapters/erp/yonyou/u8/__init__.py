"""U8 and U8+ through the EAI interface: ``<ufinterface>`` XML both ways, succeed 0 is success."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from adapters.erp.yonyou import codes, envelope
from adapters.erp.yonyou.bills import Bill
from adapters.erp.yonyou.choices import files_of, refuse_faults, words_of
from adapters.erp.yonyou.posting import Desk, credit_teller, teller
from adapters.erp.yonyou.products import U8_PRODUCTS
from adapters.erp.yonyou.u8 import envelopes
from gateway.ports.erp import ErpDialect, ErpTransport, FilePart
from gateway.ports.erp_api import ErpApi
from gateway.ports.erp_told import ToldKind

__all__ = ["DIALECT"]

INTERFACE: Final = "/U8EAI/import.asp"
_SENDER: Final = "BANKGW"
_RECEIVER: Final = "u8"
_TAGS: Final = {f"roottag_{kind.value}": kind.value for kind in envelopes.ROOT_TAGS}
_OPTIONS: Final = frozenset(
    {
        *("servlet", "sender", "receiver", "dynamicdate", *_TAGS),
        *("paystate_paid", "paystate_failed", "paystate_unknown", "paystate_processing"),
        *("cdflag_debit", "cdflag_credit"),
    }
)


def sniff(head: bytes) -> bool:
    """Whether the first bytes are U8's envelope: the family's, without NC's ``billtype``."""
    return envelope.is_envelope(head) and "billtype" not in envelope.root_of(head)


def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
    """Read an envelope of payments in flat memory. Raises WireError with path and line."""
    return envelope.read(chunks, envelopes.SHAPE)


def _desk(options: Mapping[str, str]) -> Desk:
    root = {
        "sender": options.get("sender", "") or _SENDER,
        "receiver": options.get("receiver", "") or _RECEIVER,
    }
    if options.get("dynamicdate"):
        root["dynamicdate"] = options["dynamicdate"]
    tags = {kind: options[name] for name, kind in _TAGS.items() if options.get(name)}

    def write(kind: ToldKind, bills: Sequence[Bill]) -> bytes:
        return envelopes.request(kind, bills, root, tags)

    return Desk(
        path=options.get("servlet", "") or INTERFACE,
        query=(),
        words=words_of(options),
        write=write,
        read=envelopes.verdicts,
    )


def _api(options: Mapping[str, str]) -> ErpApi:
    """The EAI interface of a system. Raises Refused with every fault of its options."""
    refuse_faults(options, _OPTIONS, needed=("sender",))
    desk = _desk(options)
    tell = {kind: teller(desk, kind) for kind in envelopes.ROOT_TAGS}
    return ErpApi(tell={**tell, ToldKind.CREDIT: credit_teller(desk)})


def _with_options(options: Mapping[str, str]) -> ErpDialect:
    """The dialect whose files bear the names of a system's options. Raises Refused."""
    refuse_faults(options, _OPTIONS, needed=())
    return replace(_PLAIN, files=files_of(_desk(options)))


_PLAIN: Final = ErpDialect(
    name="yonyou/u8",
    title_zh="用友 U8 / U8+（EAI ufinterface）",
    title_en="Yonyou U8 / U8+ (EAI, ufinterface)",
    read=read,
    report=envelopes.report,
    refuse=envelopes.refuse,
    content_type="application/xml",
    sniff=sniff,
    api=_api,
    options=_OPTIONS,
    per_source=True,
    codes={
        "gwpaylog.paystate": codes.by_name(codes.PAY_STATE),
    },
    transports=frozenset(
        {ErpTransport.XML, ErpTransport.REST, ErpTransport.FOLDER, ErpTransport.SFTP}
    ),
    products=U8_PRODUCTS,
)
DIALECT: Final = replace(_PLAIN, files=files_of(_desk({})), with_options=_with_options)

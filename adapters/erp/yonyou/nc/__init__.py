"""NC and NC Cloud through the exchange platform (外部交换平台): ``<ufinterface>`` XML both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from adapters.erp.yonyou import codes, envelope
from adapters.erp.yonyou.bills import Bill
from adapters.erp.yonyou.choices import files_of, refuse_faults, words_of
from adapters.erp.yonyou.nc import envelopes
from adapters.erp.yonyou.posting import Desk, credit_teller, teller
from adapters.erp.yonyou.products import NC_PRODUCTS
from gateway.domain.errors import WireError
from gateway.ports.erp import ErpDialect, ErpTransport, FilePart
from gateway.ports.erp_api import ErpApi
from gateway.ports.erp_questions import Question, QuestionKind
from gateway.ports.erp_told import ToldKind

__all__ = ["DIALECT"]

SERVLET: Final = "/service/XChangeServlet"
_SENDER: Final = "BANKGW"
_ROOT_NAMES: Final = ("account", "groupcode", "receiver")
_QUERY_NAMES: Final = ("account", "groupcode")
_BILL_TYPES: Final = {f"billtype_{kind.value}": kind.value for kind in envelopes.BILL_TYPES}
_OPTIONS: Final = frozenset(
    {
        *("servlet", "sender", *_ROOT_NAMES, *_BILL_TYPES),
        *("paystate_paid", "paystate_failed", "paystate_unknown", "paystate_processing"),
        *("cdflag_debit", "cdflag_credit"),
    }
)
_QUERY: Final = "query"


def sniff(head: bytes) -> bool:
    """Whether the first bytes are NC's envelope with payments, or its answer."""
    root = envelope.root_of(head)
    return "billtype" in root and root.get("proc", "").lower() != _QUERY


def asks(head: bytes) -> bool:
    """Whether they are NC's envelope with questions."""
    root = envelope.root_of(head)
    return "billtype" in root and root.get("proc", "").lower() == _QUERY


def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
    """Read an envelope of payments in flat memory. Raises WireError with path and line."""
    return envelope.read(chunks, envelopes.SHAPE)


def questions(body: bytes) -> tuple[Question, ...]:
    """Read an envelope of questions (``proc="query"``): each record asks for a payment's standing.

    Raises WireError.
    """
    reading = envelope.start(envelopes.SHAPE)
    found: list[Question] = []
    for number, node in enumerate(envelope.records((body,), reading), 1):
        head = node.maybe("billhead") or node
        reference = head.child_text("yurref") or node.attr("id")
        if not reference:
            raise WireError("missing", f"{node.path}[{number}]/@id", line=node.line)
        place = f"/{envelope.ROOT}/{reading.tag}[{number}]"
        found.append(
            Question(
                kind=QuestionKind.STATUS.value,
                id=node.attr("id") or reference,
                erp_reference=reference,
                source={"bill": node.attr("id")},
                at={"erp_reference": f"{place}/billhead/yurref"},
            )
        )
    if not found:
        raise WireError("missing", f"/{envelope.ROOT}/{reading.tag}")
    return tuple(found)


def _desk(options: Mapping[str, str]) -> Desk:
    root = {name: options[name] for name in _ROOT_NAMES if options.get(name)}
    root["sender"] = options.get("sender", "") or _SENDER
    bill_types = {kind: options[name] for name, kind in _BILL_TYPES.items() if options.get(name)}

    def write(kind: ToldKind, bills: Sequence[Bill]) -> bytes:
        return envelopes.request(kind, bills, root, bill_types)

    return Desk(
        path=options.get("servlet", "") or SERVLET,
        query=tuple((name, options[name]) for name in _QUERY_NAMES if options.get(name)),
        words=words_of(options),
        write=write,
        read=envelopes.verdicts,
    )


def _api(options: Mapping[str, str]) -> ErpApi:
    """The exchange servlet of a system. Raises Refused with every fault of its options."""
    refuse_faults(options, _OPTIONS, needed=("account", "receiver"))
    desk = _desk(options)
    tell = {kind: teller(desk, kind) for kind in envelopes.BILL_TYPES}
    return ErpApi(tell={**tell, ToldKind.CREDIT: credit_teller(desk)})


def _with_options(options: Mapping[str, str]) -> ErpDialect:
    """The dialect whose files bear the names of a system's options. Raises Refused."""
    refuse_faults(options, _OPTIONS, needed=())
    return replace(_PLAIN, files=files_of(_desk(options)))


_PLAIN: Final = ErpDialect(
    name="yonyou/nc",
    title_zh="用友 NC / NC Cloud（外部交换平台 ufinterface）",
    title_en="Yonyou NC / NC Cloud (exchange platform, ufinterface)",
    read=read,
    report=envelopes.report,
    refuse=envelopes.refuse,
    content_type="application/xml",
    sniff=sniff,
    questions=questions,
    asks=asks,
    api=_api,
    options=_OPTIONS,
    per_source=True,
    codes={
        "ebank_paylog.paystate": codes.by_name(codes.PAY_STATE),
    },
    transports=frozenset(
        {ErpTransport.XML, ErpTransport.REST, ErpTransport.FOLDER, ErpTransport.SFTP}
    ),
    products=NC_PRODUCTS,
)
DIALECT: Final = replace(_PLAIN, files=files_of(_desk({})), with_options=_with_options)

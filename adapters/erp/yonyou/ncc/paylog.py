"""Payment instructions (支付指令, ebank_paylog) as drafts: fetched, or posted to us as JSON.

Rule kept here: 支付参考号 (yurref), which NCC never gives twice, is the reference; texts stay as
they were written; an instruction that bears an outcome already is never taken for one that waits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.json_tree import Value, gathered, parsed
from adapters.erp.yonyou.ncc import calls
from adapters.erp.yonyou.ncc.options import NccOptions
from adapters.erp.yonyou.written import day_text
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.ports.erp_api import Access, Call, CallReply, Moment, Pull, Pulled, Verdict

FORMAT: Final = "ncc.ebank_paylog"
LINES_MAX: Final = 10_000
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "erp_reference": ("yurref",),
    "debtor_account": ("dbtacc",),
    "debtor_name": ("dbtaccname",),
    "creditor_account": ("crtacc",),
    "creditor_name": ("crtaccname",),
    "creditor_agent_name": ("crtbranchname",),
    "creditor_agent_cnaps": ("crtbranchid",),
    "creditor_city": ("crtcity",),
    "amount": ("trsamt",),
    "currency": ("c_ccynbr", "currcode"),
    "purpose": ("nusage",),
    "memo": ("busnar",),
    "execution_date": ("eptdat",),
    "reconciliation_code": ("reconciliationcode",),
    "end_to_end_id": ("yurref",),
}
"""Our fields by the vendor's names; the first that says something counts."""
_ECHOED: Final = {
    "bill": "srcpkid",
    "paylog": "pk_ebank_paylog",
    "package": "headpackageid",
    "organisation": "pk_org",
}
"""What replies name a payment by."""
# Typed loosely because texts are passed by name; the table above keeps the names right.
_made: Final[Callable[..., Draft]] = Draft
_CURSOR: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def draft(options: NccOptions, row: Value, line: int | None = None) -> Draft:
    """An instruction as a draft. Raises WireError where a text is due and something else stands."""
    places = {
        ours: row.first(*(options.named(it) for it in theirs)) for ours, theirs in _FIELDS.items()
    }
    texts = {ours: place.text() for ours, place in places.items()}
    texts["amount"] = places["amount"].amount()
    said = texts["currency"]
    texts["currency"] = options.currencies.get(said, codes.CURRENCY_NAMES.get(said, said))
    ignored = options["expect_date"] == "ignore"
    texts["execution_date"] = "" if ignored else day_text(texts["execution_date"])
    source = {ours: row.at(options.named(theirs)).text() for ours, theirs in _ECHOED.items()}
    source["yurref"] = texts["erp_reference"]
    return _made(
        **texts,
        at={ours: place.path for ours, place in places.items()},
        line=line,
        source={name: text for name, text in source.items() if text},
    )


def waits(options: NccOptions, row: Value) -> bool:
    """Whether an instruction is still to be paid, from an account that this gateway serves.

    A state that was written back is an outcome or on the way; where the site says which states
    wait, every other one is left alone.
    """
    accounts, waiting = options.many("accounts"), options.many("waiting")
    state = row.at(options.named("paystate")).text()
    if accounts and row.at(options.named("dbtacc")).text() not in accounts:
        return False
    if waiting:
        return state in waiting
    return state not in options.words.pay_states.values()


# ── fetched ───────────────────────────────────────────────────────────────────────────────────


def pull(options: NccOptions) -> Pull:
    """How waiting instructions are fetched, page by page.

    Instructions leave the list while it is read, so a page may miss some: the next look finds
    them, because an instruction stays in the list until it was told something.
    """
    size = int(options["page_size"])

    def encode(_access: Access, _moment: Moment, cursor: str) -> Call:
        asked: dict[str, object] = {
            options.named("pageIndex"): _page(cursor),
            options.named("pageSize"): size,
        }
        if options["waiting"]:
            asked[options.named("paystate")] = sorted(options.many("waiting"))
        if options["organisation"]:
            asked[options.named("pk_org")] = options["organisation"]
        if options["accounts"]:
            asked[options.named("dbtacc")] = sorted(options.many("accounts"))
        return calls.post(options, options["pull_path"], "ebankpaylog/query", asked)

    def follow(_access: Access, reply: CallReply, cursor: str) -> Pulled | Verdict:
        answer = calls.answered(options, reply)
        if answer.verdict is not None:
            return calls.loud(answer)
        rows = calls.rows_of(options, answer)
        more = str(_page(cursor) + 1) if len(rows) >= size else ""
        return Pulled(
            drafts=tuple(draft(options, row) for row in rows if waits(options, row)), cursor=more
        )

    def decode(access: Access, reply: CallReply) -> Pulled | Verdict:
        return follow(access, reply, "")

    return Pull(encode=encode, decode=decode, follow=follow)


def _page(cursor: str) -> int:
    """Which page comes next. Raises WireError ``cursor`` for what we never wrote."""
    if not cursor:
        return 1
    if _CURSOR.fullmatch(cursor) is None:
        raise WireError("cursor")
    return int(cursor)


# ── posted ────────────────────────────────────────────────────────────────────────────────────


def sniffing(options: NccOptions) -> Callable[[bytes], bool]:
    """Whether the first bytes are instructions as JSON."""
    reference, payee = (f'"{options.named(it)}"'.encode() for it in ("yurref", "crtacc"))

    def sniff(head: bytes) -> bool:
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        return start in {b"{", b"["} and reference in head and payee in head

    return sniff


def reading(options: NccOptions) -> Callable[[Iterable[bytes]], Iterator[FilePart]]:
    """Read one instruction, a list, or an object that holds them in ``data`` or ``rows``.

    Those that bear an outcome already are left out and counted in a warning. Raises WireError.
    """

    def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
        body = gathered(chunks)
        rows = _rows(options, parsed(body))
        digest = hashlib.sha256(body).hexdigest()[:32]
        yield FileHead(format=FORMAT, message_id=f"sha256:{digest}")
        taken, left = 0, 0
        faults: tuple[Fault, ...] = ()
        for number, row in enumerate(rows, 1):
            if not waits(options, row):
                left += 1
            elif taken < LINES_MAX:
                taken += 1
                yield draft(options, row, number)
            else:
                faults = (_too_many(row.path, number),)
                break
        warnings = (f"未取 {left} 条指令（已有结果或非本网关账号） / {left} instructions left out",)
        yield FileEnd(count=taken, faults=faults, warnings=warnings if left else ())

    return read


def _rows(options: NccOptions, document: Value) -> list[Value]:
    found = document
    for name in ("data", "rows"):
        if found.is_object and not found.at(options.named(name)).absent:
            found = found.at(options.named(name))
    rows = list(found.each()) if found.is_list else [found]
    if not rows:
        raise found.fault("empty")
    for row in rows:
        if row.at(options.named("yurref")).absent:
            raise row.at(options.named("yurref")).fault("missing")
    return rows


def _too_many(path: str, line: int) -> Fault:
    return Fault(
        path=path,
        code="batch_too_long",
        zh=f"一份报文最多 {LINES_MAX} 条指令，整份未受理，请拆分后重新发送",
        en=f"at most {LINES_MAX} instructions in one message; nothing was taken, split it",
        line=line,
    )

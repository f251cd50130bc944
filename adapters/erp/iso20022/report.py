"""pain.002: how every line of an initiation stands, written as a stream.

Rule kept here: the lines are walked twice, once to know the group status, which stands
first in the message, and once to write. If the two walks differ, nothing false is sent out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.codes import Standing
from adapters.erp.iso20022.writing import (
    Build,
    Spool,
    Writer,
    budget_item,
    day,
    document,
    instant,
    lines,
)
from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.ports.erp import LineStatus, StatusReport
from gateway.wire.write import Element, Form

_AMOUNT: Final = re.compile(r"(?=[0-9.]{1,19}\Z)[0-9]{1,18}(?:\.[0-9]{1,5})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_FAULTS_PER_LINE: Final = 20


def report(status: StatusReport) -> Iterator[bytes]:
    """A pain.002 in the version that fits the original's: .03 for up to .08, .10 for later ones.

    A ``line_count`` of 0 says that the lines are not all of the original's: then the report judges
    neither the group nor its blocks, only the lines.
    Yields the file in pieces of about 64 KiB. Raises Corrupt if a state has no code or the
    lines change between the two walks.
    """
    return _write(status, codes.reply_version(status.original_format))


def reporter(version: str) -> Callable[[StatusReport], Iterator[bytes]]:
    """A report function fixed to one version, for an ERP that reads no other.

    ``version`` is a key of ``codes.TABLES``; raises KeyError for any other.
    """
    if version not in codes.TABLES:
        raise KeyError(version)

    def fixed(status: StatusReport) -> Iterator[bytes]:
        return _write(status, version)

    return fixed


def standing(line: LineStatus, version: str) -> Standing:
    """The status and fixed reason of a line; one with faults, or REFUSED, was never accepted.

    Raises Corrupt for a state that the table does not name.
    """
    if line.faults or line.state == codes.REFUSED_STATE:
        return codes.REFUSED
    try:
        return codes.TABLES[version][State(line.state)]
    except (KeyError, ValueError):
        raise Corrupt(f"no {version} status for this state") from None


def reason_of(build: Build, code: str) -> Element | None:
    """The ``Rsn`` of a code: an ISO code as such, any other as proprietary; None for ''."""
    if code in codes.ISO_REASONS:
        return build.node("Rsn", build.leaf("Cd", code))
    if not _fits(code):
        return build.node("Rsn", build.leaf("Cd", codes.REASON_NARRATIVE))
    return build.node("Rsn", build.leaf("Prtry", code))


def echoed(build: Build, name: str, text: str) -> Element | None:
    """An identification of the original; left out rather than cut or changed to fit."""
    return build.leaf(name, text) if _fits(text) else None


def _fits(text: str) -> bool:
    return len(text) <= codes.ID_LENGTH_MAX and text.isprintable()


@dataclass(slots=True)
class _Run:
    """Consecutive lines of one payment information block, summed up."""

    payment_info_id: str
    counts: Counter[str] = field(default_factory=Counter)
    pending: set[str] = field(default_factory=set)

    def add(self, found: Standing) -> None:
        self.counts[found.status] += 1
        if found.status in codes.PENDING_STATUSES:
            self.pending.add(found.reason)


def group_status(counts: Counter[str]) -> str:
    """The status of a set of lines: the common one, the least advanced, or PART.

    PART means that some are accepted while others are rejected or still wait. A set of
    rejected and cancelled lines is rejected: no group code list is known to hold CANC.
    """
    present = set(counts)
    if present <= codes.REJECTED_STATUSES:
        return "RJCT"
    if len(present) == 1:
        return next(iter(present))
    if present & (codes.REJECTED_STATUSES | codes.PENDING_STATUSES):
        return "PART"
    return min(present, key=codes.PROGRESS.index)


_Summary = tuple[str, tuple[str, ...]]
"""A group status and the pending reasons behind it."""


def _summary(counts: Counter[str], pending: set[str], *, whole: bool) -> _Summary:
    """What a set of lines comes to; nothing where it is only a part of the original's lines."""
    if not whole:
        return "", ()
    status = group_status(counts)
    return status, tuple(sorted(pending)) if status in codes.PENDING_STATUSES else ()


def _runs(status: StatusReport, version: str) -> Iterator[_Run]:
    run: _Run | None = None
    for line in status.lines():
        block = line.source.get("payment_info_id", "")
        if run is None or run.payment_info_id != block:
            if run is not None:
                yield run
            run = _Run(block)
        run.add(standing(line, version))
    if run is not None:
        yield run


def _write(status: StatusReport, version: str) -> Iterator[bytes]:
    whole = _Run("")
    # One small shared tuple per block: flat enough for a hundred thousand blocks.
    blocks: list[_Summary] = []
    shared: dict[_Summary, _Summary] = {}
    for run in _runs(status, version):
        whole.counts.update(run.counts)
        whole.pending |= run.pending
        made = _summary(run.counts, run.pending, whole=bool(status.line_count))
        blocks.append(shared.setdefault(made, made))
    spool, build = Spool(), Build(version)
    with document(spool, build, "CstmrPmtStsRpt") as out:
        out.put(_head(build, status), _original_group(build, status, whole))
        seen: Counter[str] = Counter()
        for _ in _blocks(_Pass(status, version, build, out, seen), blocks):
            if spool.full():
                yield spool.take()
    if seen != whole.counts:
        raise Corrupt("the lines of a status report changed while it was written")
    yield spool.take()


@dataclass(frozen=True, slots=True)
class _Pass:
    """What the second walk over the lines needs."""

    status: StatusReport
    version: str
    build: Build
    out: Writer
    seen: Counter[str]


def _blocks(walk: _Pass, blocks: list[_Summary]) -> Iterator[None]:
    """Write all OrgnlPmtInfAndSts, pausing after each line."""
    pending_blocks = iter(blocks)
    lines_left = iter(walk.status.lines())
    line = next(lines_left, None)
    while line is not None:
        block = line.source.get("payment_info_id", "")
        summary = next(pending_blocks, None)
        if summary is None:
            raise Corrupt("the lines of a status report changed while it was written")
        with walk.out.inside("OrgnlPmtInfAndSts"):
            walk.out.put(*_block_head(walk.build, block, summary))
            while line is not None and line.source.get("payment_info_id", "") == block:
                found = standing(line, walk.version)
                walk.seen[found.status] += 1
                walk.out.put(_transaction(walk.build, line, found))
                yield
                line = next(lines_left, None)


def _head(build: Build, status: StatusReport) -> Element | None:
    return build.node(
        "GrpHdr",
        build.leaf("MsgId", status.report_id),
        build.leaf("CreDtTm", instant(status.created)),
    )


def _original_group(build: Build, status: StatusReport, whole: _Run) -> Element | None:
    complete = bool(whole.counts) and bool(status.line_count)
    summary = _summary(whole.counts, whole.pending, whole=complete)
    return build.node(
        "OrgnlGrpInfAndSts",
        build.leaf("OrgnlMsgId", status.original_message_id),
        build.leaf("OrgnlMsgNmId", status.original_format),
        build.leaf("OrgnlNbOfTxs", str(status.line_count) if complete else ""),
        build.leaf("GrpSts", summary[0]),
        *(build.node("StsRsnInf", reason_of(build, reason)) for reason in summary[1]),
        *(
            build.node(
                "NbOfTxsPerSts", build.leaf("DtldNbOfTxs", str(n)), build.leaf("DtldSts", code)
            )
            for code, n in sorted(whole.counts.items())
        ),
    )


def _block_head(build: Build, block: str, summary: _Summary) -> list[Element | None]:
    status, pending = summary
    # Mandatory in the message: a block without a usable id says so in the standard's own word.
    usable = bool(block) and _fits(block)
    return [
        build.leaf("OrgnlPmtInfId", block if usable else codes.NOT_PROVIDED),
        build.leaf("PmtInfSts", status),
        *(build.node("StsRsnInf", reason_of(build, reason)) for reason in pending),
    ]


def _transaction(build: Build, line: LineStatus, found: Standing) -> Element | None:
    if line.faults:
        return _refused(build, line, found)
    source = line.source
    code, texts = _reason(line, found)
    iso, own = _coded(code)
    amount, unit = line.amount, line.currency
    if not (_AMOUNT.fullmatch(amount) and _CURRENCY.fullmatch(unit)):
        amount = unit = ""
    item = source.get("budget_item", "")
    budget = f"{codes.BUDGET_WORD}{item}" if item and item.isprintable() else ""
    return _line_form(len(texts), bool(amount)).fill(
        _usable(source.get("instruction_id", "")),
        _usable(source.get("end_to_end_id", "")),
        found.status,
        iso,
        own,
        *texts,
        _usable(line.bank_reference),
        *((unit, amount) if amount else ()),
        day(line.settled_at) if found.status == "ACSC" else "",
        budget if len(budget) <= codes.FURTHER_LENGTH_MAX else "",
    )


@cache
def _line_form(texts: int, amount: bool) -> Form:  # noqa: FBT001 - a key of patterns
    """The lines of a report: there are many, so they are forms that are filled."""
    amounts = (Form("Amt", Form("InstdAmt", attributes=("Ccy",), text=True)),) if amount else ()
    return Form(
        "TxInfAndSts",
        "OrgnlInstrId?",
        "OrgnlEndToEndId?",
        "TxSts",
        Form(
            "StsRsnInf",
            Form("Rsn", "Cd?", "Prtry?", optional=True),
            *["AddtlInf"] * texts,
            optional=True,
        ),
        "AcctSvcrRef?",
        Form(
            "OrgnlTxRef",
            *amounts,
            "IntrBkSttlmDt?",
            Form("RmtInf", Form("Strd", "AddtlRmtInf?", optional=True), optional=True),
            optional=True,
        ),
    )


def _refused(build: Build, line: LineStatus, found: Standing) -> Element | None:
    """A line with faults: each is a reason of its own."""
    source = line.source
    return build.node(
        "TxInfAndSts",
        echoed(build, "OrgnlInstrId", source.get("instruction_id", "")),
        echoed(build, "OrgnlEndToEndId", source.get("end_to_end_id", "")),
        build.leaf("TxSts", found.status),
        *(
            build.node(
                "StsRsnInf",
                reason_of(build, fault.code),
                *_texts(build, f"{fault.path}: {fault.zh} / {fault.en}"),
            )
            for fault in line.faults[:_FAULTS_PER_LINE]
        ),
        echoed(build, "AcctSvcrRef", line.bank_reference),
        _original(build, line),
    )


def _original(build: Build, line: LineStatus) -> Element | None:
    amount = None
    if _AMOUNT.fullmatch(line.amount) and _CURRENCY.fullmatch(line.currency):
        amount = build.node("Amt", build.leaf("InstdAmt", line.amount, Ccy=line.currency))
    item = line.source.get("budget_item", "")
    return build.node(
        "OrgnlTxRef",
        amount,
        build.node("RmtInf", budget_item(build, item if item.isprintable() else "")),
    )


def _reason(line: LineStatus, found: Standing) -> tuple[str, list[str]]:
    """Why a line stands as it does: a code, and texts.

    A fixed reason of the table comes first and alone decides the code; a bank's code beside
    it goes into the text, so that nobody reads a verdict out of a pending payment.
    """
    code, text = found.reason, line.text
    if code and line.reason_code not in {"", code}:
        text = f"{line.reason_code} {text}"
    elif not code:
        code = line.reason_code
        if not _fits(code):
            text = f"{code} {text}"
    if not code and found.status in codes.REJECTED_STATUSES:
        code = codes.REASON_NARRATIVE if text else codes.REASON_NOT_SPECIFIED
    return code, lines(text, codes.TEXT_LENGTH_MAX) if text else []


def _coded(code: str) -> tuple[str, str]:
    """A code as an ISO one or as proprietary; one of them is ''."""
    if code in codes.ISO_REASONS:
        return code, ""
    return ("", code) if _fits(code) else (codes.REASON_NARRATIVE, "")


def _usable(text: str) -> str:
    return text if _fits(text) else ""


def _texts(build: Build, text: str) -> list[Element | None]:
    return [build.leaf("AddtlInf", piece) for piece in lines(text, codes.TEXT_LENGTH_MAX)]

"""The benches ``camt053-write``, ``pain002-write`` and ``pain001-write``: files of many records.

Rule kept here: the records are made before the clock starts, and every byte is counted; both
sides write the same file, each in a process of its own, in turn; the middle round counts.

Run as ``python -m gateway.cli.bench_files NAME SIDE RECORDS`` by the benches themselves.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from statistics import median
from typing import Final

from lxml import etree

from gateway.cli.bench_sides import PRODUCT
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.dialects import erp_dialect
from gateway.domain.errors import Corrupt
from gateway.domain.money import CNY, Money
from gateway.formats import camt053
from gateway.ports.erp import FileFacts, LineStatus, StatusReport
from gateway.ports.erp_told import EntryTold, StatementTold
from gateway.runtime import SystemClock, seldom_collect

RECORDS: Final = 100_000
_ROUNDS: Final = 3
_BARE: Final = "bare"
_MODULE: Final = "gateway.cli.bench_files"
_AT: Final = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
_DAY: Final = date(2026, 9, 15)
ACCOUNT: Final = "117010100100000001"
"""Whose statement it is, and who pays."""
_REST_ZH: Final = (
    "各笔金额、编号互不相同，记录在计时前备好，逐块写出，字节计数。参照：lxml 把产品写出的第一条"
    "记录连同头尾重复写出同样多次，不作任何换算与校验。两侧各在独立进程，轮流三轮取中位数；数值为"
    "每秒条数，peak_rss_mib 为产品侧内存峰值，file_mib 为文件大小。"
)
_REST_EN: Final = (
    "Amounts and numbers all differ; the records are there before the clock starts, the file comes "
    "in pieces and every byte is counted. Reference: lxml writes the product's own first record as "
    "often, nothing converted or checked. Each side in a process of its own, three rounds in turn, "
    "the middle one counts. In records per second; peak_rss_mib is the product's peak, file_mib "
    "the file's size."
)
STATEMENT_ZH: Final = "写 camt.053.001.02：一份对账单，100,000 条明细。" + _REST_ZH
STATEMENT_EN: Final = "Writing a camt.053.001.02: one statement of 100,000 entries. " + _REST_EN
STATUS_ZH: Final = "写 pain.002.001.03：100,000 笔的状态报告，两遍走查。" + _REST_ZH
STATUS_EN: Final = "Writing a pain.002.001.03: a report of 100,000 lines, walked twice. " + _REST_EN
PAYMENTS_ZH: Final = "写 pain.001.001.09：100,000 笔付款。" + _REST_ZH
PAYMENTS_EN: Final = "Writing a pain.001.001.09 of 100,000 payments. " + _REST_EN

Write = Callable[[], Iterator[bytes]]


def statement(options: Options, say: Say) -> Measured:
    """Entries of a camt.053 per second."""
    return _measure("camt053-write", options, say)


def status(options: Options, say: Say) -> Measured:
    """Lines of a pain.002 per second."""
    return _measure("pain002-write", options, say)


def payments(options: Options, say: Say) -> Measured:
    """Payments of a pain.001 per second."""
    return _measure("pain001-write", options, say)


def _measure(name: str, options: Options, say: Say) -> Measured:
    records = options.scaled(RECORDS)
    found: dict[str, list[dict[str, float]]] = {PRODUCT: [], _BARE: []}
    for _ in range(_ROUNDS):
        for side, rounds in found.items():
            rounds.append(json.loads(run_once([_MODULE, name, side, str(records)], b"")))
            say(f"{side}: {records / rounds[-1]['seconds']:.0f} records/s")
    if any(it["records"] != records for rounds in found.values() for it in rounds):
        raise Corrupt("not every record stands in the file")
    rates = {
        side: records / median(it["seconds"] for it in rounds) for side, rounds in found.items()
    }
    return Measured(
        product=rates[PRODUCT],
        reference=rates[_BARE],
        peak_rss_mib=max(it["peak_rss_mib"] for it in found[PRODUCT]),
        extra={
            "file_mib": found[PRODUCT][0]["bytes"] / 2**20,
            "load_average": os.getloadavg()[0],
        },
    )


# ── one side, in its process ──────────────────────────────────────────────────────────────


def statement_of(entries: int, version: str = camt053.VERSION, *, closing: str = "1.00") -> Write:
    """A statement of so many entries, ready to be written; ``closing`` '' follows from them."""
    told = StatementTold(
        statement_id=f"{ACCOUNT}-20260915",
        account=ACCOUNT,
        account_name="示例制造股份有限公司",
        currency="CNY",
        start=_DAY,
        end=_DAY,
        created=_AT,
        opening="0.00",
        closing=closing,
        sequence=258,
        entries=tuple(map(_entry, range(entries))),
    )
    write = camt053.writer(version)
    return lambda: write((told,), FileFacts(id="GWBENCH", created=_AT))


def _entry(index: int) -> EntryTold:
    sign = "-" if index % 2 else ""
    return EntryTold(
        key=f"20260915{index:08}",
        amount=f"{sign}{index % 9000 + 1}.{index % 100:02}",
        currency="CNY",
        booking_date=_DAY,
        value_date=_DAY,
        booked_at=_AT,
        reference=f"BK{index:016}",
        balance_after="1.00",
        counterparty_name=f"上海测试贸易有限公司{index:06}",
        counterparty_account=f"62220000{index:010}",
        counterparty_bank="中国工商银行上海某支行",
        remittance=f"货款 发票{index:08}",
        reconciliation_code=f"R{index:09}",
        end_to_end_id=f"E-{index:08}",
        erp_reference=f"M-1/P-1/E-{index:08}",
    )


def status_of(lines: int) -> Write:
    """A status report of so many lines, ready to be written."""
    every = tuple(map(_line, range(lines)))
    report = erp_dialect("iso20022").report
    assert report is not None
    status = StatusReport(
        report_id="GWBENCH",
        created=_AT,
        original_format="pain.001.001.03",
        original_message_id="M-1",
        line_count=lines,
        lines=lambda: iter(every),
    )
    return lambda: report(status)


def _line(index: int) -> LineStatus:
    state = "SETTLED" if index % 50 else "REJECTED"
    return LineStatus(
        state=state,
        source={
            "message_id": "M-1",
            "payment_info_id": f"P-{index // 10_000}",
            "instruction_id": f"I-{index:08}",
            "end_to_end_id": f"E-{index:08}",
        },
        amount=f"{index % 9000 + 1}.{index % 100:02}",
        currency="CNY",
        text="" if index % 50 else "账号户名不符",
        bank_reference=f"BK{index:016}",
        settled_at=_AT,
    )


def payments_of(count: int) -> Write:
    """A payment file of so many payments, ready to be written."""
    compose = import_module("adapters.erp.iso20022.compose")
    lines = [
        compose.Line(
            end_to_end_id=f"E-{index:08}",
            amount=Money(100 + index, CNY),
            creditor_name=f"上海测试贸易有限公司{index:06}",
            creditor_account=f"62220000{index:010}",
            execution_date=_DAY,
            instruction_id=f"I-{index:08}",
            creditor_agent_name="中国工商银行上海某支行",
            creditor_agent_cnaps="102290002916",
            creditor_city="上海",
            purpose=f"货款 发票{index:08}",
        )
        for index in range(count)
    ]
    debtor = compose.Debtor(name="示例制造股份有限公司", account=ACCOUNT)
    return lambda: iter((compose.compose("pain.001.001.09", "BENCH", _AT, debtor, lines),))


_KINDS: Final[Mapping[str, tuple[Callable[[int], Write], str]]] = {
    "camt053-write": (statement_of, "Ntry"),
    "pain002-write": (status_of, "TxInfAndSts"),
    "pain001-write": (payments_of, "CdtTrfTxInf"),
}
"""By name: what makes the file, and the element of one record."""


def _product(name: str, records: int) -> dict[str, float]:
    make, element = _KINDS[name]
    write, clock = make(records), SystemClock()
    closing = f"</{element}>".encode()
    found = size = 0
    begun = clock.monotonic()
    for piece in write():  # a piece ends where a record ends
        found += piece.count(closing)
        size += len(piece)
    return {"records": found, "seconds": clock.monotonic() - begun, "bytes": size}


def _bare(name: str, records: int) -> dict[str, float]:
    make, element = _KINDS[name]
    root = etree.fromstring(b"".join(make(1)()))
    record = next(root.iter(f"{{*}}{element}"))
    clock, target = SystemClock(), io.BytesIO()
    begun = clock.monotonic()
    with etree.xmlfile(target, encoding="UTF-8") as file, file.element(root.tag):
        for _ in range(records):
            file.write(record)
    seconds = clock.monotonic() - begun
    return {"records": records, "seconds": seconds, "bytes": len(target.getbuffer())}


def main(name: str, side: str, records: int) -> None:
    """Measure one side of one bench and print it."""
    seldom_collect()
    found = (_product if side == PRODUCT else _bare)(name, records)
    print(json.dumps({**found, "peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

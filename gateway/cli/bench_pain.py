"""The bench ``pain001-read``: a large pain.001 read and every instruction of it validated.

Rule kept here: what is timed is the reading and judging that intake does, in one process that has
nothing else in its memory; the file is written by another.

Run as ``python -m gateway.cli.bench_pain SIDE FILE`` by the bench itself.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from gateway import settings
from gateway.cli import bench_settings, pain_file
from gateway.cli.bench_sides import PRODUCT
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.dialects import bank_dialect, erp_dialect
from gateway.domain.errors import Corrupt
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import Instruction
from gateway.intake.examine import Examiner
from gateway.ports.erp import Draft, FileEnd
from gateway.runtime import SystemClock, seldom_collect
from gateway.sandbox.payees import own_account, payee_name

LINES: Final = 100_000
_ROUNDS: Final = 3
_BARE: Final = "bare"
_FIELDS: Final = ("EndToEndId", "InstdAmt", "Nm", "Id", "Ustrd")
_PIECE: Final = 1 << 16
_CITIES: Final = ("福州", "厦门", "泉州", "上海", "深圳")
READ_ZH: Final = (
    "读取并校验 pain.001：一份 pain.001.001.09，100,000 笔（用途与收款人各不相同，五个城市），"
    "在一个进程中逐块读入，每笔按受理时的全部规则校验（字段、账户、日期、本行他行、银行限制），"
    "不落库。参照：同一进程模型，lxml 逐笔取出五个文本，不作校验。两侧轮流运行三轮，取中位数；"
    "数值为每秒笔数，peak_rss_mib 为产品侧进程的内存峰值，file_mib 为文件大小。"
)
READ_EN: Final = (
    "Reading and validating a pain.001: a pain.001.001.09 of 100,000 instructions (purposes and "
    "payees all differ, five cities), read piece by piece in one process, every instruction "
    "judged by all the rules of acceptance (fields, accounts, days, own bank or other, the "
    "bank's limits), nothing stored. Reference: a process that takes five texts of each with "
    "lxml and checks nothing. Three rounds in turn, the middle one counts. In instructions per "
    "second; peak_rss_mib is the peak of the product's process, file_mib the file's size."
)


def measure(options: Options, say: Say) -> Measured:
    """Instructions per second, both sides in turn."""
    lines = options.scaled(LINES)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        file = Path(folder) / "pain001.xml"
        say(f"写入 {lines} 笔的 pain.001 / writing a pain.001 of {lines} payments")
        write(file, lines)
        found: dict[str, list[dict[str, float]]] = {PRODUCT: [], _BARE: []}
        for _ in range(_ROUNDS):
            for side, rounds in found.items():
                order = ["gateway.cli.bench_pain", side, str(file)]
                rounds.append(json.loads(run_once(order, b"")))
                say(f"{side}: {lines / rounds[-1]['seconds']:.0f} instructions/s")
        file_mib = file.stat().st_size / 2**20
    if any(it["lines"] != lines for rounds in found.values() for it in rounds):
        raise Corrupt("not every instruction was read and found right")
    seconds = {
        side: sorted(it["seconds"] for it in rounds)[_ROUNDS // 2] for side, rounds in found.items()
    }
    return Measured(
        product=lines / seconds[PRODUCT],
        reference=lines / seconds[_BARE],
        peak_rss_mib=max(it["peak_rss_mib"] for it in found[PRODUCT]),
        extra={"file_mib": file_mib, "load_average": os.getloadavg()[0]},
    )


def write(file: Path, lines: int) -> None:
    """Write the file that is read."""
    order = pain_file.Order(
        version="pain.001.001.09", message_id="BENCH-READ", created=SystemClock().now()
    )
    drafts = map(_draft, range(lines))
    file.write_bytes(b"".join(pain_file.write(order, drafts, lambda *_: None, lambda *_: None)))


def _draft(index: int) -> Draft:
    account = own_account(index)
    return Draft(
        line=index + 1,
        erp_reference=f"BENCH-{index:08d}",
        end_to_end_id=f"BENCH-{index:08d}",
        debtor_account=bench_settings.DEBTOR,
        creditor_name=payee_name(account),
        creditor_account=account,
        creditor_agent_name="兴业银行",
        creditor_city=_CITIES[index % len(_CITIES)],
        amount=f"{index % 9000 + 1}.{index % 100:02}",
        currency="CNY",
        purpose=f"货款 发票{index:08d}",
    )


# ── one side, in its process ──────────────────────────────────────────────────────────────


def read_and_judge(file: Path) -> int:
    """Read a file as intake does; how many instructions are right. Raises Corrupt for a fault."""
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        path = Path(folder) / "gateway.toml"
        path.write_text(bench_settings.text(bank="http://127.0.0.1:9", slots=1), "utf-8")
        (tenant,) = settings.load(path).directory.tenants.values()
    numbers = itertools.count()
    bank = bank_dialect("cib")
    examiner = Examiner(
        tenant=tenant,
        erp="bench",
        dialect_of=lambda _: bank,
        today=SystemClock().now().date(),
        new_id=lambda: InstructionId(f"ins_{next(numbers):026d}"),
    )
    read = erp_dialect("iso20022").read
    assert read is not None
    right = 0
    for part in read(_pieces(file)):
        if isinstance(part, Draft):
            right += isinstance(examiner.examine(part), Instruction)
        elif isinstance(part, FileEnd) and part.faults:
            raise Corrupt(f"the file has faults: {part.faults[:3]}")
    return right


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def _bare(file: Path) -> int:
    count = 0
    for _, record in etree.iterparse(str(file), tag="{*}CdtTrfTxInf"):
        found = {it.tag.rpartition("}")[2]: it.text or "" for it in record.iter("{*}*")}
        count += all(found.get(name) for name in _FIELDS)
        record.clear()
    return count


def main(side: str, file: Path) -> None:
    """Measure one side and print it."""
    seldom_collect()
    clock = SystemClock()
    begun = clock.monotonic()
    lines = read_and_judge(file) if side == PRODUCT else _bare(file)
    seconds = clock.monotonic() - begun
    print(json.dumps({"lines": lines, "seconds": seconds, "peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

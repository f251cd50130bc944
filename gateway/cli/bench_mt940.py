"""The bench ``mt940-read``: a large MT940 read by the product and by two readers of others.

Rule kept here: each reader runs in a process of its own, in turn, on the same file, which another
process wrote; every one must give every line.

Run as ``python -m gateway.cli.bench_mt940 SIDE FILE`` by the bench itself.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Final

from gateway.cli.bench_sides import PRODUCT
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.domain.bank_file import EntryRead, StatementEnd
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.statement import Continuity
from gateway.formats.read import mt940
from gateway.ports.statement_formats import Reading
from gateway.runtime import SystemClock, seldom_collect

LINES: Final = 50_000
_ROUNDS: Final = 3
_MT_940: Final = "mt-940"
_PARSER: Final = "bankstatementparser"
_MODULES: Final = {_MT_940: "mt940", _PARSER: _PARSER}
_SIDES: Final = (PRODUCT, _MT_940, _PARSER)
_PIECE: Final = 1 << 16
READ_ZH: Final = (
    "读取 MT940：一份对账单，50,000 条明细（每条一个 :61: 和一个带 ?nn 子域与 SEPA 关键字的 :86:，"
    "参考号、金额、附言互不相同），逐块读入，识别全部字段并验证余额。参照：PyPI 的 mt-940；"
    "同时测量 bankstatementparser（它不解析 :86:）。各方在独立进程中轮流运行三轮，取中位数；"
    "数值为每秒明细数，peak_rss_mib 为产品侧内存峰值，file_mib 为文件大小。"
)
READ_EN: Final = (
    "Reading an MT940: one statement of 50,000 lines (each a :61: and a :86: of ?nn subfields with "
    "SEPA key words; references, amounts and purposes differ), read piece by piece, all fields "
    "understood and the balances proven. Reference: mt-940 from PyPI; bankstatementparser, which "
    "does not take field 86 apart, is measured as well. Each in a process of its own, three rounds "
    "in turn, the middle one counts. In lines per second; peak_rss_mib is the product's peak, "
    "file_mib the file's size."
)


def measure(options: Options, say: Say) -> Measured:
    """Lines per second of all sides. Raises Refused where the other readers are missing."""
    absent = [name for name, module in _MODULES.items() if find_spec(module) is None]
    if absent:
        names = ", ".join(absent)
        raise Refused(
            f"{names} missing: install the dependency group 'peers'",
            f"缺少 {names}：请安装依赖组 peers",
        )
    lines = options.scaled(LINES)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        # One of the others knows the format by this suffix only.
        file = Path(folder) / "statement.mt940"
        say(f"写入 {lines} 条明细的 MT940 / writing an MT940 of {lines} lines")
        file.write_bytes(b"".join(written(lines)))
        found: dict[str, list[dict[str, float]]] = {side: [] for side in _SIDES}
        for _ in range(_ROUNDS):
            for side, rounds in found.items():
                order = ["gateway.cli.bench_mt940", side, str(file)]
                rounds.append(json.loads(run_once(order, b"")))
                say(f"{side}: {lines / rounds[-1]['seconds']:.0f} lines/s")
        file_mib = file.stat().st_size / 2**20
    if any(it["lines"] != lines for rounds in found.values() for it in rounds):
        raise Corrupt("not every line was read")
    rates = {side: lines / median(it["seconds"] for it in found[side]) for side in _SIDES}
    return Measured(
        product=rates[PRODUCT],
        reference=rates[_MT_940],
        peak_rss_mib=max(it["peak_rss_mib"] for it in found[PRODUCT]),
        extra={
            _PARSER: rates[_PARSER],
            f"percent_of_{_PARSER}": 100 * rates[PRODUCT] / rates[_PARSER],
            "mt_940_peak_rss_mib": max(it["peak_rss_mib"] for it in found[_MT_940]),
            f"{_PARSER}_peak_rss_mib": max(it["peak_rss_mib"] for it in found[_PARSER]),
            "file_mib": file_mib,
            "load_average": os.getloadavg()[0],
        },
    )


def written(lines: int) -> Iterator[bytes]:
    """A statement of so many lines whose balances prove it, piece by piece."""
    yield b":20:BENCH\r\n:25:DE89370400440532013000\r\n:28C:00001/001\r\n:60F:C260101EUR0,00\r\n"
    total = 0
    for index in range(lines):
        cents = (index % 9000 + 1) * 100 + index % 100
        sign = "D" if index % 3 == 0 else "C"
        total += -cents if sign == "D" else cents
        yield (
            f":61:2601020102{sign}{cents // 100},{cents % 100:02}NTRFREF{index:08}//BK{index:010}"
            f"\r\n:86:166?00GUTSCHRIFT?109310?20EREF+E-{index:08}?21SVWZ+Rechnung {index:08} Kun"
            f"\r\nde {index % 977:04}?30COBADEFFXXX?31DE02120300000000202051?32Muster GmbH "
            f"{index % 997:04}\r\n"
        ).encode()
    sign = "D" if total < 0 else "C"
    whole, cents = divmod(abs(total), 100)
    yield f":62F:{sign}260131EUR{whole},{cents:02}\r\n-\r\n".encode()


# ── one side, in its process ──────────────────────────────────────────────────────────────


def read_and_prove(file: Path) -> int:
    """Read a file as an import does; how many lines it has. Raises Corrupt if nothing proves it."""
    count = 0
    for part in mt940.read(_pieces(file), Reading(name=file.name)):
        if isinstance(part, EntryRead):
            count += bool(part.end_to_end_id and part.remittance)
        elif isinstance(part, StatementEnd) and part.continuity is not Continuity.OK:
            raise Corrupt("the balances do not prove the statement")
    return count


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def _other(side: str, file: Path) -> int:
    """How many lines another reader gives."""
    module = import_module(_MODULES[side])
    if side == _MT_940:
        return sum(1 for _ in module.parse(str(file)))
    return len(module.Mt940Parser(str(file)).parse())


def main(side: str, file: Path) -> None:
    """Measure one side and print it; what a reader imports is not measured."""
    seldom_collect()
    if side != PRODUCT:
        import_module(_MODULES[side])
    clock = SystemClock()
    begun = clock.monotonic()
    lines = read_and_prove(file) if side == PRODUCT else _other(side, file)
    seconds = clock.monotonic() - begun
    print(json.dumps({"lines": lines, "seconds": seconds, "peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

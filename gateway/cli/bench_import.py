"""The bench ``statement-import``: a large camt.053 into the kept statements, and the same again.

Rule kept here: the file is posted by this process, so that none of it counts as the gateway's
memory; every line must be new the first time, and none the second.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from gateway.cli import bench_settings
from gateway.cli.api_client import ApiClient
from gateway.cli.bench_files import ACCOUNT, statement_of
from gateway.cli.bench_sides import PRODUCT, side
from gateway.cli.measured import Measured, Options, Say, run_once
from gateway.domain.errors import Corrupt
from gateway.runtime import SystemClock

ENTRIES: Final = 100_000
_ANSWER_S: Final = 600
_ID, _OTHER_ID = b"GWBENCH", b"GWAGAIN"
IMPORT_ZH: Final = (
    "导入对账单：一份 100,000 条明细的 camt.053（约 95 MiB）经 POST /v1/statement-files 导入，自首"
    "字节到应答，逐条入库、判定各日是否完整；随后导入另一份内容相同而报文号不同的文件，不得新增一条。"
    "数值为首次每秒条数，seconds 与 again_seconds 为两次各自用时。参照：lxml 逐条读出同一文件的五个"
    "字段，一个事务写入一个 SQLite 文件，不作任何校验。--db postgresql：产品写入 PostgreSQL。"
)
IMPORT_EN: Final = (
    "Importing a statement: a camt.053 of 100,000 entries (about 95 MiB) over POST "
    "/v1/statement-files, from its first byte to the answer: every line kept, its days judged; "
    "then another file with the same lines and another message id, which must add none. In "
    "entries per second of the first, seconds and again_seconds are what each took. Reference: "
    "lxml reads five texts of each entry of the same file into one SQLite file in one "
    "transaction, nothing checked. --db postgresql: the product keeps them in PostgreSQL."
)


def measure(options: Options, say: Say) -> Measured:
    """Entries per second from the first byte to the answer."""
    entries = options.scaled(ENTRIES)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made:
        folder = Path(made)
        say(f"写入 {entries} 条明细的 camt.053 / writing a camt.053 of {entries} entries")
        first, again = folder / "first.xml", folder / "again.xml"
        write(entries, first, again)
        order = ["gateway.cli.bench_intake", str(first), str(folder / "bare.db"), "Ntry"]
        reference = entries / json.loads(run_once(order, b""))["seconds"]
        say(f"reference: {reference:.0f} entries/s")
        with side(PRODUCT, options, batching=False) as it:
            idle = it.peak_rss_mib()
            seconds = _imported(it.address, first, expected=entries)
            say(f"product: {entries / seconds:.0f} entries/s, {seconds:.1f} s")
            again_s = _imported(it.address, again, expected=0)
            say(f"again: {again_s:.1f} s")
            peak = it.peak_rss_mib()
        file_mib = first.stat().st_size / 2**20
    return Measured(
        product=entries / seconds,
        reference=reference,
        peak_rss_mib=peak,
        extra={
            "seconds": seconds,
            "again_seconds": again_s,
            "idle_mib": idle,
            "file_mib": file_mib,
            "load_average": os.getloadavg()[0],
        },
    )


def write(entries: int, first: Path, again: Path) -> None:
    """Write a statement of the bench's account, and the same lines under another message id."""
    mine = bench_settings.DEBTOR.encode()
    with first.open("wb") as one, again.open("wb") as other:
        for piece in statement_of(entries, "camt.053.001.08", closing="")():
            told = piece.replace(ACCOUNT.encode(), mine)
            one.write(told)
            other.write(told.replace(_ID, _OTHER_ID))


def _imported(address: str, file: Path, *, expected: int) -> float:
    """Post one file; the seconds it took. Raises Corrupt unless so many lines were new."""
    client = ApiClient(address, bench_settings.KEY, bench_settings.SECRET.encode(), _ANSWER_S)
    body, clock = file.read_bytes(), SystemClock()
    begun = clock.monotonic()
    answer = client.call("POST", "/v1/statement-files", body)
    seconds = clock.monotonic() - begun
    client.close()
    told: Mapping[str, Any] = answer.json() if answer.status == HTTPStatus.OK else {}
    if (told.get("state"), told.get("added")) != ("imported", expected):
        raise Corrupt(f"the statement was answered {answer.status}: {answer.body[:500]!r}")
    return seconds

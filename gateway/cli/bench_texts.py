"""The exact set-ups of the benches in both languages: what ``gateway bench --list`` says.

Rule kept here: a text and the constant it tells of are held together by a test.
"""

from __future__ import annotations

from typing import Final

_SAME_ZH: Final = (
    "两侧使用同一负载程序和同一沙箱银行（不限额，账本不等磁盘），各在独立进程，SQLite（WAL，"
    "synchronous=FULL）；16 个发送通道，每笔一条银行报文；收款方为本行户，每笔 1.00 元，收款人"
    "各不相同。参照为 tests/bench/bare.py：受理→落盘→固定模板报文→落盘→发送→结果落盘，不验签、"
    "不校验、无审计链。内存为网关进程峰值。"
)
_SAME_EN: Final = (
    "Both sides get the same load generator and the same sandbox bank (no limits, its ledger "
    "does not wait for the disk), each in a process of its own, SQLite (WAL, "
    "synchronous=FULL); 16 sending slots, one bank message per payment; own-bank payees, 1.00 "
    "each, every payee once. Reference: tests/bench/bare.py, which accepts, makes durable, "
    "fills a fixed message, makes durable, posts, makes the outcome durable: no signature "
    "check, no validation, no trail. Memory is the gateway's peak."
)
BATCH_ZH: Final = (
    "批量付款：POST /v1/batches 20 次，每次 5,000 笔，2 个连接；自首次调用至 GET "
    "/v1/batches/{id} 显示全部 SETTLED。p99_ms 为单次受理调用的 p99。" + _SAME_ZH
)
BATCH_EN: Final = (
    "Batches: 20 calls of POST /v1/batches with 5,000 lines each over 2 connections, from the "
    "first call until GET /v1/batches/{id} shows every line SETTLED. p99_ms is that of one "
    "accepting call. " + _SAME_EN
)
SINGLE_ZH: Final = (
    "逐笔付款：POST /v1/instructions 3,000 次，16 个连接，自首次调用至数据库中全部 SETTLED。"
    "p99_ms 为随后以半数速率受理 1,000 笔时的 p99；p99_full_ms 为满载时的 p99。" + _SAME_ZH
)
SINGLE_EN: Final = (
    "Single payments: 3,000 calls of POST /v1/instructions over 16 connections, from the first "
    "call until all are SETTLED in the database. p99_ms is the p99 of acceptance in a second "
    "run of 1,000 payments at half that rate; p99_full_ms is that under full load. " + _SAME_EN
)
AUDIT_ZH: Final = (
    "校验审计链：经 Journal.Lane 写入临时 SQLite 文件的 300,000 条记录（每条约 280 字节，一条链"
    "，无检查点）。产品为 gateway.audit.verify（即 gateway audit verify 所用）；参照为标准库 "
    "sqlite3 读出同样的行并重算同样的哈希。两侧各在独立进程中轮流运行三轮，取中位数；数值为每秒"
    "记录数，内存为产品侧峰值。"
)
AUDIT_EN: Final = (
    "Verifying the trail: 300,000 records of about 280 bytes, written through the journal's "
    "lane to a temporary SQLite file (one lane, no checkpoint). Product: gateway.audit.verify, "
    "as gateway audit verify calls it. Reference: a bare loop that reads the same rows with "
    "the standard library's sqlite3 and recomputes the same hashes. Three rounds in turn, each "
    "side in a process of its own; the middle one counts. Memory is the product's peak."
)

"""The exact set-ups of the benches in both languages: what ``gateway bench --list`` says.

Rule kept here: a text and the constant it tells of are held together by a test.
"""

from __future__ import annotations

from typing import Final

_SAME_ZH: Final = (
    "两侧使用同一负载程序和同一沙箱银行（不限额，落盘后才应答），各在独立进程。--db sqlite：SQLite"
    "（WAL，synchronous=FULL），网关一个进程；--db postgresql：测量自带的 PostgreSQL 服务器（"
    "synchronous_commit=on，fsync=on），网关为 serve 与一个 worker 两个进程。收款方"
    "为本行户，每笔 1.00 元，收款人各不相同。参照为 tests/bench/bare.py：受理→落盘→固定模板报文→"
    "落盘→发送→结果落盘，不验签、不校验、无审计链，报文形式与产品相同。内存为网关各进程峰值之和；"
    "*_cpu_us 为每笔付款所用处理器微秒数（product 或 reference 为该侧自身，bank 为沙箱银行，server "
    "为数据库服务器）；load_average 为一分钟平均负载。"
)
_SAME_EN: Final = (
    "Both sides get the same load generator and the same sandbox bank (no limits; it answers "
    "when its ledger is on the disk), each in a process of its own. --db sqlite: SQLite (WAL, "
    "synchronous=FULL), the gateway is one process; --db postgresql: a PostgreSQL server of the "
    "bench's own (synchronous_commit=on, fsync=on), the gateway is two processes, serve and one "
    "worker. Own-bank payees, 1.00 each, every payee once. Reference: "
    "tests/bench/bare.py, which accepts, makes durable, fills a fixed message, makes durable, "
    "posts, makes the outcome durable: no signature check, no validation, no trail; its "
    "messages are of the same form as the product's. Memory is the sum of the peaks of the "
    "gateway's processes; *_cpu_us is CPU time per payment in microseconds (product or "
    "reference: that side itself, bank: the sandbox bank, server: the database server); "
    "load_average is that of the last minute."
)
BATCH_ZH: Final = (
    "批量付款：POST /v1/batches 20 次，每次 5,000 笔，2 个连接，16 个发送通道；同一账户的付款合并"
    "发送（policy batching），每条 RBATCH 报文 100 笔；自首次调用至 GET /v1/batches/{id} 显示全部 "
    "SETTLED。p99_ms 为单次受理调用的 p99。加 --controls 则再测产品，其间 bench controls "
    "所用的控制文件生效（权限、审批、限额、资金计划、三天内查重、收款人冷静期、一户多供应商；不含"
    "首次付款和网银已付，这些付款会因此挂起或等待），付款全部直通、各带预算项目：product 为生效时，"
    "without_controls 为不生效时（前后各一次的均值），fall_percent 为降幅。" + _SAME_ZH
)
BATCH_EN: Final = (
    "Batches: 20 calls of POST /v1/batches with 5,000 lines each over 2 connections, 16 sending "
    "slots; payments of one account travel together (policy batching), 100 in each RBATCH "
    "message; from the first call until GET /v1/batches/{id} shows every line SETTLED. p99_ms is "
    "that of one accepting call. With --controls the product also runs while the document of "
    "bench controls is in force (permission, approval, limits, plan, duplicates over three days, "
    "payees changed lately or shared; neither first payments nor netbank, which would hold these "
    "payments or let them wait); every payment goes straight through and names a budget item: "
    "product is with it, without_controls without it (before and after, the mean), fall_percent "
    "the difference. " + _SAME_EN
)
SINGLE_ZH: Final = (
    "逐笔付款：POST /v1/instructions 3,000 次，16 个连接，48 个发送通道，每笔一条银行报文；自首次"
    "调用至数据库中全部 SETTLED。p99_ms 为随后以半数速率受理 1,000 笔时的 p99；p99_full_ms 为满载"
    "时的 p99。" + _SAME_ZH
)
SINGLE_EN: Final = (
    "Single payments: 3,000 calls of POST /v1/instructions over 16 connections, 48 "
    "sending slots, one bank message each, from the first call until all are SETTLED in the "
    "database. p99_ms is the "
    "p99 of acceptance in a second run of 1,000 payments at half that rate; p99_full_ms is that "
    "under full load. " + _SAME_EN
)
AUDIT_ZH: Final = (
    "校验审计链：经 Journal.Lane 写入临时 SQLite 文件的 1,000,000 条记录（每条约 280 字节，一条链"
    "，无检查点）。产品为 gateway audit verify 所用的校验（每个处理器核一个进程，含其启动时间）；"
    "参照为标准库 sqlite3 在一个进程中读出同样的行并重算同样的哈希。两侧轮流运行三轮，取中位数；"
    "数值为每秒记录数，内存为产品侧主进程峰值。"
)
AUDIT_EN: Final = (
    "Verifying the trail: 1,000,000 records of about 280 bytes, written through the journal's "
    "lane to a temporary SQLite file (one lane, no checkpoint). Product: the verification of "
    "gateway audit verify (one process per core, their start included). Reference: a bare loop "
    "in one process that reads the same rows with the standard library's sqlite3 and recomputes "
    "the same hashes. Three rounds in turn; the middle one counts. Memory is the peak of the "
    "product's main process."
)
INTAKE_ZH: Final = (
    "大文件受理：一份 pain.001.001.09，100,000 笔，POST /v1/files，自首字节至应答；同时网关继续向"
    "沙箱银行发送。参照：单进程 lxml 逐笔读出同一文件，一个事务写入 SQLite（synchronous=FULL），"
    "不作任何校验。数值为每秒笔数；peak_rss_mib 为应答时网关各进程内存峰值之和，idle_mib 为此前的"
    "峰值，file_mib 为文件大小。可用 --db。"
)
INTAKE_EN: Final = (
    "One large file: a pain.001.001.09 of 100,000 payments by POST /v1/files, from its first byte "
    "to the answer, while the gateway goes on sending to the sandbox bank. Reference: one process "
    "that reads the same file payment by payment with lxml and writes it to SQLite in one "
    "transaction (synchronous=FULL), nothing checked. In payments per second; peak_rss_mib is "
    "the sum of the peaks of the gateway's processes at the answer, idle_mib their peak before, "
    "file_mib the file's size. Takes --db."
)
START_ZH: Final = (
    "worker 冷启动：gateway worker（PostgreSQL，结构已升级）自进程启动至打印就绪，5 次取中位数，"
    "单位毫秒，越小越好。参照：一个只导入其所用第三方库的 Python 进程。"
)
START_EN: Final = (
    "Cold start of a worker: gateway worker on PostgreSQL (already migrated) from the start of "
    "the process to the line that says it is ready; the middle one of 5, in milliseconds, less is "
    "better. Reference: a Python process that only imports the third-party libraries it uses."
)
CONTROLS_ZH: Final = (
    "管控检查：100,000 笔付款（96 个账户，每 250 笔换一个，50 个预算项目轮换，1% 须审批），1,000 "
    "笔一个事务，问“可否直通”：经办权限、审批矩阵、限额与资金计划，已用额从 SQLite 读取，单位为"
    "每笔微秒，越小越好；reserve_us 为随后占用额度（每笔 4 项计数，不含提交），compile_ms 为文件"
    "编译一次。文件：300 人、50 个岗位、30 条矩阵规则、20 项限额（每笔涉及 5 项）、1,000 行计划、"
    "20 家公司。参照：同一文件按记录逐条判断（岗位、计划行、已用额按名称查字典，权限、矩阵、限额"
    "逐条比较），不编译、不缓存、无数据库；两侧结论须一致。两侧各在独立进程，轮流三轮取中位数。"
)
CONTROLS_EN: Final = (
    "The checks of the controls: 100,000 payments (96 accounts, another every 250, 50 budget items "
    "in turn, 1% need approval), 1,000 in a transaction, asked whether they may go straight "
    "through: the maker's permission, the approval matrix, limits and plan, with what was used "
    "read from SQLite; in microseconds per payment, less is better. reserve_us is what it takes to "
    "reserve afterwards (4 counters of each payment, the commit left out), compile_ms to compile "
    "the document once. The document: 300 people, 50 roles, 30 rules of the matrix, 20 limits (5 "
    "concern a payment), 1,000 plan lines, 20 companies. Reference: the same document asked record "
    "by record (roles, plan lines and use looked up by name in dictionaries; permissions, matrix "
    "and limits compared one by one), nothing compiled or remembered, no database; both sides must "
    "say the same. Each in a process of its own, three rounds in turn, the middle one counts."
)

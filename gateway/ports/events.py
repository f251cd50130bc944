"""What may be told to operators: every event, and every fact an event may carry. Pure table.

Rule kept here: a fact is an identifier, a code, a number, or words of our own source. Nothing
that a caller, a bank or a person wrote is a fact, so no account number, name or secret can be
logged by mistake. Names of events and facts are for ever: dashboards and alerts read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol, TypedDict, Unpack


class Level(IntEnum):
    """How much it matters."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. ``name`` is its stable code, the texts are for people."""

    name: str
    level: Level
    zh: str
    en: str


class Facts(TypedDict, total=False):
    """What may be said of an event."""

    # ── who and what: identifiers of ours ──
    tenant: str
    connection: str
    bank: str
    """The bank's code, as in ``[gateway] banks``."""
    instruction: str
    batch: str
    message: str
    serial: str
    subject: str
    """The journal record's subject where no other name fits."""
    lane: str
    seq: int
    """The record's number in its lane of the journal."""
    trace: str
    """Trace id of the request, 32 hexadecimal digits."""
    key: str
    """Id of the API key (never its secret)."""
    endpoint: str
    """Id of a webhook's receiver."""
    delivery: str
    """Id of a webhook's event."""
    checkpoint: int

    # ── how it went: codes from closed sets ──
    operation: str
    kind: str
    purpose: str
    """Why a message went to the bank: pay, enquiry, core, resend, …"""
    outcome: str
    cause: str
    verdict: str
    state: str
    final: bool
    actor: str
    """The kind of actor only: person, machine, policy, relay, schedule."""
    code: str
    """A code of ours, or the bank's own code of an answer."""
    flaw: str
    change: str
    status: int

    # ── how much ──
    lines: int
    moved: int
    count: int
    tries: int
    jobs: int
    seconds: float
    size: int

    # ── of the process ──
    role: str
    version: str
    address: str
    database: str
    banks: str
    tenants: int
    connections: int
    form: str
    threshold: str
    logger: str
    error: str
    """The type of an exception."""
    place: str
    """Where in the source an exception came from."""
    why: str
    """Words of our own source."""


class Log(Protocol):
    """Where events are told. Telling never waits and never fails."""

    def tell(self, event: Event, /, **facts: Unpack[Facts]) -> None:
        """Say that ``event`` happened. Call it only once that is certain: after the commit."""
        ...


class Silent:
    """Nobody listens: simulations, tests, commands that have no log."""

    def tell(self, event: Event, /, **facts: Unpack[Facts]) -> None:
        """Drop it."""
        del event, facts


SILENT: Final = Silent()

ALL: Final[dict[str, Event]] = {}


def _event(level: Level, name: str, zh: str, en: str) -> Event:
    event = Event(name=name, level=level, zh=zh, en=en)
    ALL[name] = event
    return event


_D, _I, _W, _E = Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR

# ── the process ─────────────────────────────────────────────────────────────────────────
STARTED: Final = _event(_I, "started", "进程启动", "started")
READY: Final = _event(_I, "ready", "已就绪", "ready")
STOPPING: Final = _event(_I, "stopping", "正在停止", "stopping")
STOPPED: Final = _event(_I, "stopped", "已停止", "stopped")
DIED: Final = _event(_E, "died", "内部任务中止，进程退出", "a task died; the process ends")
LIBRARY: Final = _event(_W, "library", "程序库消息", "a library says")
DROPPED: Final = _event(_W, "log_dropped", "日志积压，部分行已丢弃", "log lines were dropped")

# ── calls ───────────────────────────────────────────────────────────────────────────────
ACCEPTED: Final = _event(_I, "accepted", "已受理", "accepted")
REFUSED: Final = _event(_I, "refused", "请求被拒绝", "refused")
FAILED: Final = _event(_E, "failed", "内部错误", "failed inside")
CALLED: Final = _event(_D, "called", "请求已应答", "a call was answered")
SIGNATURE_REFUSED: Final = _event(_D, "signature_refused", "签名被拒绝", "a signature was refused")
LOG_IN_REFUSED: Final = _event(_I, "log_in_refused", "登录被拒绝", "a log-in was refused")

# ── exchanges with the bank ─────────────────────────────────────────────────────────────
SENT: Final = _event(_I, "sent", "付款报文往来", "payment message exchanged")
ENQUIRED: Final = _event(_I, "enquired", "查证往来", "enquiry exchanged")
RESENT: Final = _event(_W, "resent", "同流水号重发", "sent again under its serial")
QUERIED: Final = _event(_D, "queried", "查询往来", "query exchanged")
OUT_OF_PACE: Final = _event(_D, "out_of_pace", "限速等待", "waits for the connection's pace")

# ── what the journal records, told after the commit ─────────────────────────────────────
RECORDED: Final = _event(_I, "recorded", "已记入日志链", "recorded")
JOURNALED_ACCEPTANCE: Final = _event(_D, "acceptance_recorded", "受理已入链", "acceptance recorded")
RELEASED: Final = _event(_D, "released", "已放行", "released")
HELD: Final = _event(_W, "held", "暂缓，待人工处理", "held for people")
DUE: Final = _event(_D, "due", "到期可发", "due")
SENDING: Final = _event(_D, "sending", "报文已落盘，即将发送", "durable, about to leave")
NOT_SENT: Final = _event(_W, "not_sent", "确定未发出", "certainly not sent")
UNCONFIRMED: Final = _event(_W, "unconfirmed", "结果未明，须查证", "outcome not known")
ANSWERED: Final = _event(_I, "answered", "银行已应答", "answered by the bank")
REFUSED_UNEXECUTED: Final = _event(
    _W, "refused_unexecuted", "银行整包拒绝，未执行", "refused as a whole, not executed"
)
ENQUIRY_ANSWERED: Final = _event(_I, "enquiry_answered", "查证结果", "enquiry answered")
PROVEN: Final = _event(_I, "proven", "对账单或回单佐证", "proven by statement or receipt")
DECIDED: Final = _event(_I, "decided", "人工决定", "decided by people")
WITHDRAWN: Final = _event(_I, "withdrawn", "ERP 撤回", "withdrawn by the ERP")
REPLANNED: Final = _event(_W, "replanned", "批次拆分重发", "a batch was taken apart")
VOTED: Final = _event(_I, "voted", "投票", "a vote was given")
HOLD_RAISED: Final = _event(_I, "hold_raised", "付款新增挂起", "a payment was held for more")
HOLD_LIFTED: Final = _event(_I, "hold_lifted", "挂起解除", "a hold was lifted")
ATTACHED: Final = _event(_I, "attached", "上传凭证", "evidence was attached")
RESOLUTION_PROPOSED: Final = _event(
    _I, "resolution_proposed", "人工认定待同意", "a resolution was proposed"
)
RESOLVED: Final = _event(_W, "resolved", "人工认定生效", "people resolved an outcome")
RESEALED: Final = _event(_W, "resealed", "更换密钥后重新封印", "seals were made under a new key")
CASE_OPENED: Final = _event(_W, "case_opened", "立案待处理", "a case was opened")
CASES_CLOSED: Final = _event(_I, "cases_closed", "结案", "cases were closed")
BLOCKED: Final = _event(
    _E, "blocked", "银行拒绝登录，连接已停", "sign-on refused, connection stopped"
)
UNBLOCKED: Final = _event(_W, "unblocked", "连接已恢复", "connection may send again")
STOP_PULLED: Final = _event(_W, "stop_pulled", "紧急停付", "emergency stop pulled")
STOP_VOTE: Final = _event(_I, "stop_vote", "解除停付投票", "a vote to lift a stop")
STOP_LIFTED: Final = _event(_W, "stop_lifted", "停付解除", "emergency stop lifted")
LOGGED_IN: Final = _event(_I, "logged_in", "人员登录或出示因素", "a person showed who they are")
IDENTITY_CHANGED: Final = _event(_W, "identity_changed", "人员登录方式变更", "a log-in was changed")
CONTROLS_PROPOSED: Final = _event(
    _I, "controls_proposed", "管控文件待表决", "controls were proposed"
)
CONTROLS_VOTE: Final = _event(_I, "controls_vote", "管控文件表决", "a vote on controls")
CONTROLS_IN_FORCE: Final = _event(
    _W, "controls_in_force", "管控文件生效", "other controls are in force"
)
CONTROLS_WITHDRAWN: Final = _event(
    _I, "controls_withdrawn", "管控文件撤回", "proposed controls were withdrawn"
)
PAYEES_PROPOSED: Final = _event(
    _I, "payees_proposed", "收款人变更待表决", "changes of payees were proposed"
)
PAYEES_CHANGED: Final = _event(_W, "payees_changed", "收款人已变更", "payees were changed")
PAYEES_WITHDRAWN: Final = _event(
    _I, "payees_withdrawn", "收款人变更撤回", "changes of payees were withdrawn"
)
REFERENCE_IMPORTED: Final = _event(
    _I, "reference_imported", "参考数据已导入", "reference data were imported"
)
STATEMENT_IMPORTED: Final = _event(
    _I, "statement_imported", "对账单已导入", "a statement was imported"
)
STATEMENT_QUARANTINED: Final = _event(
    _E,
    "statement_quarantined",
    "对账单自相矛盾，已隔离",
    "a statement contradicts itself and is quarantined",
)
STATEMENT_REFUSED: Final = _event(
    _W, "statement_refused", "对账单文件被拒收", "a statement file was refused"
)
STATEMENT_FILE: Final = _event(
    _I, "statement_file", "已处理一份对账单文件", "a statement file was dealt with"
)
STATEMENT_PUT_OFF: Final = _event(
    _W,
    "statement_put_off",
    "对账单文件暂缓，稍后重试",
    "a statement file has to wait and is tried again",
)
STATEMENT_BOX_AWAY: Final = _event(
    _W, "statement_box_away", "对账单文件夹无法访问", "a place for statement files is away"
)
STATEMENT_WITHDRAWN: Final = _event(
    _W, "statement_withdrawn", "对账单导入已撤回", "an imported statement was withdrawn"
)
STATEMENT_IN_DOUBT: Final = _event(
    _W, "statement_in_doubt", "对账单有未证实的日期", "days of an account are not proven complete"
)
RECEIPTS_ORDERED: Final = _event(
    _I, "receipts_ordered", "已预约回单文件", "receipt files of a day were ordered"
)
RECEIPTS_KEPT: Final = _event(_I, "receipts_kept", "回单文件已入库", "receipts of a bank were kept")
RECEIPTS_COMPARED: Final = _event(
    _I, "receipts_compared", "回单与明细已核对", "a day's receipts were compared with its lines"
)
RECEIPTS_LACKING: Final = _event(
    _W, "receipts_lacking", "回单与明细不一致", "a day's receipts are not those of its lines"
)
LEDGER_TAKEN: Final = _event(_I, "ledger_taken", "账面数据已受理", "the book side was taken in")
RECONCILED: Final = _event(_I, "reconciled", "自动对账", "lines and ledger items were matched")
RECONCILIATION_DECIDED: Final = _event(
    _I, "reconciliation_decided", "对账人工处理", "a person decided about open items"
)
RECONCILIATION_RULES: Final = _event(
    _W, "reconciliation_rules", "对账规则有变更或提案", "the rules of reconciliation are to change"
)
SHEET_PREPARED: Final = _event(
    _I, "sheet_prepared", "余额调节表已编制", "a balance sheet was prepared"
)
SHEET_REVIEWED: Final = _event(
    _W, "sheet_reviewed", "余额调节表已复核并结账", "a sheet was reviewed, its period is closed"
)
CONFIRMATION_DECIDED: Final = _event(
    _I, "confirmation_decided", "对账回签已编制或撤回", "a confirmation was prepared or withdrawn"
)
CONFIRMATION_SIGNED: Final = _event(
    _W, "confirmation_signed", "对账回签已签署，待发送", "a confirmation was signed and goes out"
)
CONFIRMATION_ANSWERED: Final = _event(
    _I, "confirmation_answered", "银行已答复对账回签", "the bank answered a confirmation"
)
CONFIRMATION_IN_DOUBT: Final = _event(
    _E,
    "confirmation_in_doubt",
    "对账回签须人工处理：余额不符、失败或答复不明",
    "a confirmation needs a person: another balance, a failure, or words nobody knows",
)
NOTICE_TAKEN: Final = _event(
    _I, "notice_taken", "已收到动账通知", "the bank told of a booking by itself"
)
NOTICE_UNKNOWN: Final = _event(
    _W, "notice_unknown", "动账通知的账户未知", "the bank told of an account that is not known here"
)
NOTICE_UNSEEN: Final = _event(
    _W,
    "notice_unseen",
    "动账通知所述明细尚未出现在对账单中",
    "what the bank told of does not stand in its statement yet",
)
REFUND_UNLINKED: Final = _event(_W, "refund_unlinked", "退汇未关联", "a return fits no payment")
WIRED: Final = _event(_D, "wired", "报文已存档", "a message was archived")

# ── store, leases, audit ────────────────────────────────────────────────────────────────
COMMIT_SLOW: Final = _event(_W, "commit_slow", "提交缓慢", "a commit was slow")
LEASE_RENEWED: Final = _event(_D, "lease_renewed", "租约已续", "lease renewed")
LEASE_LOST: Final = _event(_E, "lease_lost", "租约失效，停止发送", "lease lost, nothing is sent")
TAKEN_OVER: Final = _event(_W, "taken_over", "接管失联进程", "took over from a dead process")
DATABASE_LOST: Final = _event(_W, "database_lost", "数据库连接中断", "database connection lost")
DATABASE_FULL: Final = _event(_E, "database_full", "数据库磁盘已满", "the disk is full")
DATABASE_BACK: Final = _event(_W, "database_back", "数据库连接恢复", "database connection back")
CHECKPOINT: Final = _event(_I, "checkpoint", "审计检查点", "checkpoint signed")
BOOKS_CHECKED: Final = _event(_I, "books_checked", "账务核对", "books checked")
BOOKS_BROKEN: Final = _event(
    _E, "books_broken", "账务不变式不成立", "an invariant of the books does not hold"
)
DRIFT_CHECKED: Final = _event(_I, "drift_checked", "银行与配置比对", "bank and settings compared")
DRIFT_FOUND: Final = _event(
    _W, "drift_found", "银行与配置不一致", "the bank and the settings have parted"
)

# ── delivery ────────────────────────────────────────────────────────────────────────────
WEBHOOK_DELIVERED: Final = _event(_I, "webhook_delivered", "回调已送达", "webhook delivered")
WEBHOOK_FAILED: Final = _event(_W, "webhook_failed", "回调失败，将重试", "webhook failed")
WEBHOOK_AGAIN: Final = _event(_I, "webhook_again", "回调重新投递", "webhooks are delivered again")
WEBHOOK_DEAD: Final = _event(_E, "webhook_dead", "回调放弃", "webhook given up")

# ── to ERP systems ──────────────────────────────────────────────────────────────────────
ERP_TOLD: Final = _event(_I, "erp_told", "已告知 ERP", "an ERP was told")
ERP_TELL_FAILED: Final = _event(
    _W, "erp_tell_failed", "告知 ERP 未成，将重试", "an ERP could not be told; tried again later"
)
ERP_TELL_DEAD: Final = _event(
    _E, "erp_tell_dead", "ERP 拒收或多次未成，待人工重投", "an ERP will not be told; people look"
)
ERP_OVERTAKEN: Final = _event(
    _I, "erp_overtaken", "已被后续状态取代，不再告知", "no longer true, so an ERP was not told"
)
FEED_BROKEN: Final = _event(
    _E,
    "feed_broken",
    "对账单明细与余额不符，未推送",
    "a statement does not add up and was not told",
)

# ── from ERP systems ────────────────────────────────────────────────────────────────────
ERP_FILE: Final = _event(_I, "erp_file", "ERP 文件已受理", "an ERP's file was taken in")
ERP_FILE_REFUSED: Final = _event(
    _W, "erp_file_refused", "ERP 文件被拒收", "an ERP's file was refused"
)
ERP_PULLED: Final = _event(_I, "erp_pulled", "已从 ERP 取单", "documents were fetched from an ERP")
ERP_PUT_OFF: Final = _event(
    _W, "erp_put_off", "ERP 文件或单据稍后再取", "what an ERP has for us waits for later"
)
ERP_SHADOW: Final = _event(
    _W, "erp_shadow", "新旧映射读出不同", "a new mapping reads otherwise than the old one"
)
ERP_AWAY: Final = _event(_W, "erp_away", "ERP 无法访问", "an ERP cannot be reached")

"""Pure table. Every operation of the API: address, endpoint, words in two languages, parameters.

Routes, limits and the OpenAPI document are all made from this table, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.delivery.webhook_rows import Delivery
from gateway.domain.instruction import State
from gateway.web import accounts, batches, health, instructions, stops, waiting, webhooks
from gateway.web.asked import Endpoint, Raw, signed
from gateway.web.bodies import BATCH_BYTES_MAX, SMALL_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter in the address or a header. ``schema`` is a JSON Schema."""

    name: str
    place: str
    zh: str
    en: str
    schema: dict[str, object]
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. ``takes`` and ``gives`` name component schemas; '' for none.

    ``raw`` is the endpoint itself; ``endpoint`` is one that is put behind the door.
    """

    method: str
    path: str
    name: str
    zh: str
    en: str
    raw: Raw | None = None
    endpoint: Endpoint | None = None
    parameters: tuple[Parameter, ...] = ()
    takes: str = ""
    takes_type: str = "application/json"
    takes_required: bool = True
    gives: str = ""
    gives_types: tuple[str, ...] = ("application/json",)
    errors: tuple[int, ...] = ()
    body_max: int = SMALL_MAX
    repeatable: bool = False
    unchanged: bool = False
    """Whether a 304 may be the answer."""
    signed: bool = True

    def route(self) -> Raw:
        """What answers requests."""
        if self.endpoint is None:
            assert self.raw is not None
            return self.raw
        queries = frozenset(it.name for it in self.parameters if it.place == "query")
        return signed(self.endpoint, queries, body_max=self.body_max, repeatable=self.repeatable)


_TEXT: Final[dict[str, object]] = {"type": "string"}


def _id(zh: str, en: str, name: str = "id") -> Parameter:
    return Parameter(name=name, place="path", zh=zh, en=en, schema=_TEXT, required=True)


_INSTRUCTION: Final = _id("指令编号（ins_…）", "id of the instruction (ins_…)")
_BATCH: Final = _id("批次编号（bat_…）", "id of the batch (bat_…)")
_ACCOUNT: Final = _id("账号", "account number", "number")
_KEY: Final = Parameter(
    name="Idempotency-Key",
    place="header",
    zh="可选的幂等键，1–255 个可打印 ASCII 字符；业务参考号本身已保证幂等",
    en="optional, 1 to 255 printable ASCII characters; the ERP reference already makes it safe",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
)
_ON_REFUSED: Final = Parameter(
    name="on_refused",
    place="query",
    zh="lines（默认）：合格的受理，不合格的列出；all：有一条不合格则全部不受理",
    en="lines (default): good lines are accepted, bad ones listed; all: one bad line refuses all",
    schema={"enum": ["lines", "all"]},
)
_ERP: Final = Parameter(
    name="erp",
    place="query",
    zh="文件格式，如 iso20022；只有一种时可省略",
    en="the file's format, such as iso20022; may be left out when there is only one",
    schema=_TEXT,
)
_STOP: Final = _id("停付编号（stp_…）", "id of the stop (stp_…)")
_WAIT: Final = Parameter(
    name="wait",
    place="query",
    zh="长轮询：最多等待的秒数；版本一变化或已是终态即返回",
    en="long poll: most seconds to wait; answered as soon as the version changes or is final",
    schema={"type": "integer", "minimum": 0, "maximum": waiting.WAIT_MAX_S},
)
_VERSION: Final = Parameter(
    name="version",
    place="query",
    zh="与 wait 同用：已知的版本；也可用 If-None-Match。都不给则以当前版本为准",
    en="with wait: the version you know, unless If-None-Match tells it; without, that of now",
    schema={"type": "integer", "minimum": 0, "maximum": 9_999_999_999},
)
_IF_NONE_MATCH: Final = Parameter(
    name="If-None-Match",
    place="header",
    zh="已知的 ETag（版本）；没有变化则答 304，无正文",
    en="the ETag (version) you know; nothing new is a 304 without a body",
    schema=_TEXT,
)
_ASKS_BANK: Final = (502, 503, 504)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/instructions",
        name="post_instruction",
        zh="提交一条付款指令。同一业务参考号、同样内容永远得到逐字节相同的答复；内容不同为 409",
        en=(
            "Submit one payment instruction. The same ERP reference with the same content gets the"
            " same answer, byte for byte; other content is a 409"
        ),
        endpoint=instructions.post,
        parameters=(_KEY,),
        takes="Instruction",
        gives="Acceptance",
        errors=(400, 403, 409, 413, 422, 503),
        repeatable=True,
    ),
    Operation(
        method="GET",
        path="/v1/instructions",
        name="find_instructions",
        zh="按业务参考号查找，或列出处于某些状态的指令（最早的在前，最多 1000 条）",
        en="Find by ERP reference, or list those in some states (oldest first, at most 1000)",
        endpoint=instructions.find,
        parameters=(
            Parameter(
                name="erp_reference",
                place="query",
                zh="业务参考号",
                en="ERP reference",
                schema=_TEXT,
            ),
            Parameter(
                name="erp",
                place="query",
                zh="与 erp_reference 同用：只看该 ERP 系统",
                en="with erp_reference: only that ERP system's",
                schema=_TEXT,
            ),
            Parameter(
                name="state",
                place="query",
                zh="状态，可用逗号分隔多个，如 HELD,UNCONFIRMED",
                en="states joined by commas, such as HELD,UNCONFIRMED",
                schema={
                    "type": "array",
                    "items": {"enum": [state.value for state in State]},
                },
            ),
        ),
        gives="InstructionList",
        errors=(400,),
    ),
    Operation(
        method="GET",
        path="/v1/instructions/{id}",
        name="get_instruction",
        zh="一条指令的现状、证据与全部历史；带 wait 时等到有变化才答",
        en="Where an instruction stands, with evidence and history; with wait, once it changed",
        endpoint=waiting.get,
        parameters=(_INSTRUCTION, _WAIT, _VERSION, _IF_NONE_MATCH),
        gives="InstructionView",
        errors=(400, 404, 503),
        unchanged=True,
    ),
    Operation(
        method="POST",
        path="/v1/instructions/{id}/cancellation",
        name="cancel_instruction",
        zh="取消尚未发送的指令；重复调用得到同样的答复。已发送则为 409，请改用查证",
        en=(
            "Cancel what has not left; repeated, the answer is the same. Once it has left it is"
            " a 409: enquire instead"
        ),
        endpoint=instructions.cancel,
        parameters=(_INSTRUCTION,),
        takes="Cancellation",
        takes_required=False,
        gives="Cancelled",
        errors=(400, 403, 404, 409),
    ),
    Operation(
        method="POST",
        path="/v1/instructions/{id}/enquiry",
        name="enquire_instruction",
        zh="查证：静默期一过即向银行查询该笔结果",
        en="Ask the bank what became of it, as soon as the quiet time allows (查证)",
        endpoint=instructions.enquire,
        parameters=(_INSTRUCTION,),
        gives="Enquiry",
        errors=(404, 422),
    ),
    Operation(
        method="POST",
        path="/v1/instructions/{id}/decisions",
        name="decide_instruction",
        zh="人员决定：批准、否决，或由两人认定未明结果（仅限人员密钥）",
        en="A person's vote: approve, reject, or resolve an unknown outcome (person keys only)",
        endpoint=instructions.decide,
        parameters=(_INSTRUCTION,),
        takes="Vote",
        gives="Decided",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/batches",
        name="post_batch",
        zh="提交 JSON 批次，最多 10,000 条；逐条返回结果",
        en="Submit a JSON batch of up to 10,000 lines; answered line by line",
        endpoint=batches.post_batch,
        parameters=(_ON_REFUSED, _KEY),
        takes="Batch",
        gives="BatchAcceptance",
        errors=(400, 403, 409, 413, 422, 503),
        body_max=BATCH_BYTES_MAX,
        repeatable=True,
    ),
    Operation(
        method="POST",
        path="/v1/files",
        name="post_file",
        zh=(
            "提交 ERP 原始付款文件（如 pain.001），最大 512 MiB，流式读取。"
            "Accept: application/xml 时直接返回 pain.002"
        ),
        en=(
            "Submit an ERP's raw payment file (such as pain.001), up to 512 MiB, read as a stream."
            " With Accept: application/xml the answer is a pain.002"
        ),
        raw=batches.upload,
        parameters=(_ERP, _ON_REFUSED, _KEY),
        takes_type="application/xml",
        gives="FileAcceptance",
        gives_types=("application/json", "application/xml"),
        errors=(400, 403, 409, 413, 422, 503),
    ),
    Operation(
        method="GET",
        path="/v1/batches/{id}",
        name="get_batch",
        zh="批次概况与各状态笔数",
        en="A batch and how many of its lines are in which state",
        endpoint=batches.get,
        parameters=(_BATCH,),
        gives="BatchView",
        errors=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/batches/{id}/report",
        name="report_batch",
        zh="每条明细的现状：文件批次以 ERP 自己的格式（pain.002），JSON 批次以 JSON",
        en="Where every line stands: in the ERP's own format (pain.002) for a file, else JSON",
        endpoint=batches.report,
        parameters=(_BATCH, _ERP),
        gives="BatchReport",
        gives_types=("application/json", "application/xml"),
        errors=(400, 404),
    ),
    Operation(
        method="GET",
        path="/v1/batches/{id}/returns",
        name="returned_of_batch",
        zh="文件批次的退汇明细，以 ERP 自己的格式（camt.054）；没有退汇为 404",
        en="Returned lines of a file in the ERP's own format (camt.054); 404 when none came back",
        endpoint=batches.returns,
        parameters=(_BATCH, _ERP),
        gives="BatchReport",
        gives_types=("application/xml",),
        errors=(400, 404),
    ),
    Operation(
        method="GET",
        path="/v1/accounts",
        name="list_accounts",
        zh="本租户的账户及其银行连接（含连接是否停用）",
        en="The tenant's accounts and the connections that reach them, stopped ones marked",
        endpoint=accounts.accounts,
        gives="Accounts",
    ),
    Operation(
        method="GET",
        path="/v1/accounts/{number}/balance",
        name="get_balance",
        zh="实时余额，现在向银行查询（目前不存储余额，fresh 取何值都一样）",
        en="The balance, asked from the bank now (none is stored yet, so fresh changes nothing)",
        endpoint=accounts.balance,
        parameters=(
            _ACCOUNT,
            Parameter(
                name="fresh",
                place="query",
                zh="true：现在向银行查询",
                en="true: ask the bank now",
                schema={"type": "boolean"},
            ),
        ),
        gives="Balance",
        errors=(400, 404, 422, *_ASKS_BANK),
    ),
    Operation(
        method="GET",
        path="/v1/accounts/{number}/statements",
        name="get_statement",
        zh="某日明细（默认当日），现在向银行查询，含全部分页",
        en="One day's entries (today unless told), asked from the bank now, all pages",
        endpoint=accounts.statements,
        parameters=(
            _ACCOUNT,
            Parameter(
                name="date",
                place="query",
                zh="日期 YYYY-MM-DD（北京时间）",
                en="day YYYY-MM-DD (Asia/Shanghai)",
                schema={"type": "string", "format": "date"},
            ),
        ),
        gives="Statement",
        errors=(400, 404, 422, *_ASKS_BANK),
    ),
    Operation(
        method="POST",
        path="/v1/connections/{id}/unblock",
        name="unblock_connection",
        zh="解除因银行拒绝登录而停用的连接（仅限人员密钥）",
        en="Let a connection send again after the bank refused its sign-on (person keys only)",
        endpoint=accounts.unblock,
        parameters=(_id("连接编号", "id of the connection"),),
        gives="Unblocked",
        errors=(403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/stops",
        name="pull_stop",
        zh="紧急停付：一人即可拉起（仅限人员密钥），立即生效；排队的不再发出，已发出的照常查证",
        en=(
            "Emergency stop: one person pulls it (person keys only), it holds at once; nothing"
            " queued leaves, what has left is enquired about as ever"
        ),
        endpoint=stops.pull,
        takes="StopWish",
        gives="Stop",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/stops",
        name="list_stops",
        zh="停付记录及其全部解除表决，生效中的在前（最多 1000 条）",
        en="Stops with every vote to lift them, those that hold first (at most 1000)",
        endpoint=stops.listed,
        gives="Stops",
    ),
    Operation(
        method="POST",
        path="/v1/stops/{id}/lift",
        name="lift_stop",
        zh="解除停付：须两名不同人员各表决一次（拉起人可为其一），仅限人员密钥",
        en=(
            "Lift a stop: two different people, one vote each (whoever pulled it may be one);"
            " person keys only"
        ),
        endpoint=stops.lift,
        parameters=(_STOP,),
        takes="LiftVote",
        gives="Stop",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/webhooks/deliveries",
        name="list_deliveries",
        zh="Webhook 投递记录，默认列出多次失败后停止投递的（dead），最早的在前，最多 1000 条",
        en=(
            "Deliveries of webhooks: unless told those given up after many tries (dead), oldest"
            " first, at most 1000"
        ),
        endpoint=webhooks.listed,
        parameters=(
            Parameter(
                name="state",
                place="query",
                zh="dead（默认）、pending 或 delivered",
                en="dead (default), pending or delivered",
                schema={"enum": [it.value for it in Delivery]},
            ),
            Parameter(
                name="after",
                place="query",
                zh="只要编号在此之后的（上一页最后一条的 id）",
                en="only those after this id (the last one of the page before)",
                schema={"type": "string", "pattern": "^[0-9A-Za-z_]{0,40}$"},
            ),
        ),
        gives="Deliveries",
        errors=(400,),
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/deliveries/{id}/redelivery",
        name="redeliver",
        zh="重新投递一个事件（编号与正文不变）；等待中的立即再试",
        en="Deliver an event again (same id, same body); one that waits is tried at once",
        endpoint=webhooks.again,
        parameters=(_id("事件编号（evt_…）", "id of the event (evt_…)"),),
        gives="Delivery",
        errors=(404, 422),
    ),
    Operation(
        method="GET",
        path="/v1/audit/checkpoints",
        name="list_checkpoints",
        zh="审计日志的签名检查点，请在外部留存以便发现截断",
        en="Signed checkpoints of the journal; keep them elsewhere, so that truncation shows",
        endpoint=health.checkpoints,
        parameters=(
            Parameter(
                name="after",
                place="query",
                zh="只要序号更大的",
                en="only those with a greater number",
                schema={"type": "integer", "minimum": 0},
            ),
        ),
        gives="Checkpoints",
        errors=(400,),
    ),
    Operation(
        method="GET",
        path="/healthz",
        name="alive",
        zh="进程存活",
        en="The process is alive",
        raw=health.alive,
        gives="Health",
        signed=False,
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="ready",
        zh="可以接收业务",
        en="Work may be given",
        raw=health.ready,
        gives="Health",
        errors=(503,),
        signed=False,
    ),
    Operation(
        method="GET",
        path="/metrics",
        name="metrics",
        zh="Prometheus 指标（全部租户合计），只应在内网开放",
        en="Prometheus metrics over all tenants together; keep it inside your network",
        raw=health.metrics,
        gives_types=("text/plain",),
        signed=False,
    ),
)

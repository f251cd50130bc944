"""Pure table. Every operation of the API: address, endpoint, words in two languages, parameters.

Routes, limits and the OpenAPI document are all made from this table, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.controls.attachments import ATTACHMENT_MAX
from gateway.controls.payee_reading import COMMENT_MAX
from gateway.controls.payee_rows import PayeeState
from gateway.controls.rules.document import Business, PayeeKind
from gateway.controls.version_file import FILE_BYTES_MAX
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.instruction import State
from gateway.web import (
    accounts,
    batches,
    collections,
    confirmations,
    controls,
    exchange,
    health,
    instructions,
    ledger,
    limit_use,
    notices,
    payees,
    people,
    queries,
    receipt_days,
    receipts,
    reconciliation_rules,
    reconciliations,
    reference,
    resolutions,
    sheet_paper,
    sheets,
    statements,
    stops,
    waiting,
    webhooks,
)
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
    only_asks: bool = False
    """Whether it changes nothing, whatever its method."""
    unchanged: bool = False
    """Whether a 304 may be the answer."""
    signed: bool = True

    def route(self) -> Raw:
        """What answers requests."""
        if self.endpoint is None:
            assert self.raw is not None
            return self.raw
        queries = frozenset(it.name for it in self.parameters if it.place == "query")
        return signed(
            self.endpoint,
            queries,
            body_max=self.body_max,
            repeatable=self.repeatable,
            only_asks=self.only_asks,
        )


_TEXT: Final[dict[str, object]] = {"type": "string"}


def _id(zh: str, en: str, name: str = "id") -> Parameter:
    return Parameter(name=name, place="path", zh=zh, en=en, schema=_TEXT, required=True)


def _asked(
    name: str, zh: str, en: str, *, schema: dict[str, object] = _TEXT, required: bool = False
) -> Parameter:
    return Parameter(name=name, place="query", zh=zh, en=en, schema=schema, required=required)


_INSTRUCTION: Final = _id("指令编号（ins_…）", "id of the instruction (ins_…)")
_BATCH: Final = _id("批次编号（bat_…）", "id of the batch (bat_…)")
_ACCOUNT: Final = _id("账号", "account number", "number")
_RULES: Final = _id("版本号", "number of the version", "version")
_CONFIRMATION: Final = _id("对账回签编号（cfm_…）", "id of the confirmation (cfm_…)")
_KEY: Final = Parameter(
    name="Idempotency-Key",
    place="header",
    zh="可选的幂等键，1–255 个可打印 ASCII 字符；业务参考号本身已保证幂等",
    en="optional, 1 to 255 printable ASCII characters; the ERP reference already makes it safe",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
)
_PERIOD: Final = (
    _asked(
        "from",
        "起始日 YYYY-MM-DD（默认截止日前 30 天）",
        "first day YYYY-MM-DD (30 days before the last unless told)",
        schema={"type": "string", "format": "date"},
    ),
    _asked(
        "to",
        "截止日 YYYY-MM-DD（默认当日）",
        "last day YYYY-MM-DD (today unless told)",
        schema={"type": "string", "format": "date"},
    ),
)
_LEDGER_ACCOUNT: Final = _asked("account", "账号", "account number", required=True)
_RECONCILED: Final = _id("账号", "account number", "account")
_SHEET_DAY: Final = Parameter(
    name="day",
    place="path",
    zh="日期 YYYY-MM-DD，如月末",
    en="day YYYY-MM-DD, such as the end of a month",
    schema={"type": "string", "format": "date"},
    required=True,
)
_LOGIN: Final = _id("登录名", "the log-in name", "login")
_FILE_NAME: Final = _asked(
    "name", "文件名，1–120 字符", "the file's name, 1 to 120 characters", required=True
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
    zh="文件格式，如 iso20022 或 canonical/v2；调用方的 ERP 系统已配置方言或只有一种时可省略",
    en=(
        "the file's format, such as iso20022 or canonical/v2; may be left out where the caller's"
        " ERP system has one in the settings, or there is only one"
    ),
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
_ROUTE: Final = Parameter(
    name="route",
    place="query",
    zh="true：未发出的指令附带建议的渠道和汇出时间（仅为建议，不会自动改期）",
    en="true: of one that has not left, the proposed channel and when it would leave (a proposal)",
    schema={"type": "boolean"},
)
_CONTROLS: Final = _id("管控文件版本号", "number of the version of the controls", "version")
_PAYEE: Final = _id("收款人编号（pye_…）", "id of the payee (pye_…)")
_PAYEE_CHANGE: Final = _id("收款人变更编号（pch_…）", "id of the proposal (pch_…)")
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
        parameters=(_INSTRUCTION, _WAIT, _VERSION, _ROUTE, _IF_NONE_MATCH),
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
        path="/v1/instructions/{id}/attachments",
        name="attach",
        zh="上传凭证：PDF、PNG、JPEG 或 UTF-8 文本，最大 5 MiB，以内容识别类型（仅限人员密钥）",
        en=(
            "Attach a file of evidence: PDF, PNG, JPEG or UTF-8 text, up to 5 MiB, known by its"
            " bytes (person keys only)"
        ),
        endpoint=resolutions.attach,
        parameters=(_INSTRUCTION, _FILE_NAME),
        takes_type="application/octet-stream",
        gives="Attachment",
        errors=(400, 403, 404, 413),
        body_max=ATTACHMENT_MAX,
    ),
    Operation(
        method="GET",
        path="/v1/instructions/{id}/attachments",
        name="list_attachments",
        zh="一条指令的凭证",
        en="The evidence attached to an instruction",
        endpoint=resolutions.attached,
        parameters=(_INSTRUCTION,),
        gives="Attachments",
        errors=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/instructions/{id}/attachments/{attachment}",
        name="get_attachment",
        zh="下载一个凭证",
        en="Download one file of evidence",
        endpoint=resolutions.attachment,
        parameters=(_INSTRUCTION, _id("附件编号（att_…）", "id of the file (att_…)", "attachment")),
        gives_types=("application/pdf", "image/png", "image/jpeg", "text/plain"),
        errors=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/instructions/{id}/resolutions",
        name="propose_resolution",
        zh="附凭证认定结果：提交即为第一票，另须他人表决；有管控文件时须有附件或银行明细（仅限人员密钥）",
        en=(
            "Say with evidence what became of it: the first vote, another person's is needed;"
            " under a control document with a file or the bank's entry (person keys only)"
        ),
        endpoint=resolutions.propose,
        parameters=(_INSTRUCTION,),
        takes="ResolutionWish",
        gives="Resolution",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/instructions/{id}/resolutions",
        name="list_resolutions",
        zh="一条指令的人工认定及表决",
        en="What people said of an instruction, with their votes",
        endpoint=resolutions.listed,
        parameters=(_INSTRUCTION,),
        gives="Resolutions",
        errors=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/instructions/{id}/resolutions/{resolution}/votes",
        name="vote_resolution",
        zh="对一项认定表决同意；达到人数即刻执行（仅限人员密钥）",
        en="A yes to a resolution; the one that completes it carries it out (person keys only)",
        endpoint=resolutions.vote,
        parameters=(
            _INSTRUCTION,
            _id("认定编号（res_…）", "id of the resolution (res_…)", "resolution"),
        ),
        takes="ResolutionVote",
        gives="Resolution",
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
        method="POST",
        path="/v1/exchange/{system}",
        name="post_exchange",
        zh=(
            "ERP 系统按自有报文格式提交付款或查询（如 NC 的 ufinterface），最大 16 MiB；"
            "应答（含拒绝）为该系统自有格式。密钥所属 ERP 须与 system 一致"
        ),
        en=(
            "An ERP system's own envelope of payments or questions (such as NC's ufinterface), up"
            " to 16 MiB; the answer, a refusal too, is in that system's own format. The key's ERP"
            " must be the system"
        ),
        raw=exchange.post,
        parameters=(_id("ERP 系统编号", "id of the ERP system", "system"),),
        takes_type="application/xml",
        gives_types=("application/xml",),
        errors=(400, 403, 404, 413, 422, 503),
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
        path="/v1/statement-files",
        name="post_statement_file",
        zh=(
            "导入对账单文件（camt.052/053/054、MT940/942、BAI2、OFX、CSV、XLSX），最大 512 MiB，"
            "流式读取。自相矛盾的文件整份隔离；重复导入不会增加明细"
        ),
        en=(
            "Import a statement file (camt.052/053/054, MT940/942, BAI2, OFX, CSV, XLSX), up to 512"
            " MiB, read as a stream. One that contradicts itself is quarantined whole; importing"
            " again adds nothing"
        ),
        raw=statements.upload,
        parameters=(
            _asked("name", "文件名，至多 120 字符", "the file's name, 120 characters at most"),
            _asked(
                "despite",
                "true：已知其自相矛盾仍导入（仅限人员密钥）",
                "true: take it in although it contradicts itself (person keys only)",
                schema={"type": "boolean"},
            ),
        ),
        takes_type="application/octet-stream",
        gives="StatementImport",
        errors=(400, 403, 413, 422, 503),
    ),
    Operation(
        method="GET",
        path="/v1/statement-files",
        name="list_statement_files",
        zh="最近导入的对账单文件",
        en="The statement files imported last",
        endpoint=statements.listed,
        gives="StatementImports",
    ),
    Operation(
        method="GET",
        path="/v1/statement-files/{id}",
        name="get_statement_file",
        zh="一次导入及其发现的问题",
        en="One import and what was found in its file",
        endpoint=statements.get,
        parameters=(_id("导入编号（sti_…）", "id of the import (sti_…)"),),
        gives="StatementImport",
        errors=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/statement-files/{id}/withdrawal",
        name="withdraw_statement_file",
        zh=(
            "撤回误导入的文件（人员密钥，须写原因）：仅由其带来的明细不再计入，"
            "相关匹配取消，日期重新判定；已结账期间不能撤回，重新导入即可恢复"
        ),
        en=(
            "Withdraw a file imported by mistake (person keys, with a reason): lines that only it "
            "brought count no more, their matches are opened, days judged anew; refused in a "
            "closed period. Importing it again brings the lines back"
        ),
        endpoint=statements.withdraw,
        parameters=(_id("导入编号（sti_…）", "id of the import (sti_…)"),),
        takes="StatementWithdrawal",
        gives="StatementImport",
        errors=(400, 403, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/accounts/{number}/days",
        name="get_days",
        zh="账户每日对账单是否完整：期初 + 明细 = 期末，逐日衔接",
        en="How complete each day of an account is: opening + entries = closing, day follows day",
        endpoint=statements.days,
        parameters=(_ACCOUNT, *_PERIOD),
        gives="AccountDays",
        errors=(400, 404, 422),
    ),
    Operation(
        method="POST",
        path="/v1/accounts/{number}/days",
        name="fetch_days",
        zh="立即向银行拉取这些日期的明细并入库（默认当日，至多 31 天），返回新增数和仍存疑的日期",
        en=(
            "Fetch these days from the bank now (today unless told, 31 at most) and keep what is"
            " new; tells what was added and which days are still in doubt"
        ),
        endpoint=statements.fetch,
        parameters=(_ACCOUNT, *_PERIOD),
        gives="DaysFetched",
        errors=(400, 404, 422, *_ASKS_BANK),
        only_asks=True,
    ),
    Operation(
        method="GET",
        path="/v1/accounts/{number}/entries",
        name="get_entries",
        zh="账户已入库的明细，按银行顺序分页",
        en="The kept entries of an account in the bank's order, page by page",
        endpoint=statements.entries,
        parameters=(
            _ACCOUNT,
            *_PERIOD,
            _asked(
                "start",
                "从第几条起（0 起）",
                "from which line on, counted from 0",
                schema={"type": "integer", "minimum": 0},
            ),
        ),
        gives="AccountEntries",
        errors=(400, 404, 422),
    ),
    Operation(
        method="POST",
        path="/v1/ledger-items",
        name="post_ledger_items",
        zh=(
            "提交账面明细（机器密钥），至多 10,000 条，整批受理或整批拒绝；"
            "同一 item_id 同样内容结果不变，内容不同为 409"
        ),
        en=(
            "Give ledger items (machine keys), 10,000 at most, all or "
            "none; the same item_id with the same content is the same, "
            "with other content a 409"
        ),
        endpoint=ledger.post_items,
        takes="LedgerItems",
        gives="LedgerItemsTaken",
        errors=(400, 403, 409, 413),
        body_max=BATCH_BYTES_MAX,
    ),
    Operation(
        method="GET",
        path="/v1/ledger-items",
        name="list_ledger_items",
        zh="账户的账面明细，按 item_id 分页",
        en="The ledger items of an account by id, page by page",
        endpoint=ledger.items,
        parameters=(_LEDGER_ACCOUNT, _asked("after", "上一页的 next", "next of the page before")),
        gives="LedgerItemList",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/ledger-balances",
        name="post_ledger_balances",
        zh="提交账面日终余额（机器密钥）；已结账期间不能改",
        en=("Give the books' closing balances (machine keys); those of a closed period stay"),
        endpoint=ledger.post_balances,
        takes="LedgerBalances",
        gives="LedgerBalancesTaken",
        errors=(400, 403, 413),
        body_max=BATCH_BYTES_MAX,
    ),
    Operation(
        method="GET",
        path="/v1/ledger-balances",
        name="list_ledger_balances",
        zh="账户的账面余额，最近的在前",
        en="The books' balances of an account, the latest first",
        endpoint=ledger.balances,
        parameters=(_LEDGER_ACCOUNT,),
        gives="LedgerBalanceList",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations",
        name="list_reconciliations",
        zh="各账户对账进度：已匹配、建议、两侧未达账（按账龄）、未证实的日期",
        en=(
            "How the reconciliation of accounts stands: matched, suggested, "
            "open on both sides by age, days not proven"
        ),
        endpoint=reconciliations.listed,
        parameters=(_asked("account", "只要该账户", "only this account"),),
        gives="Reconciliations",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliations",
        name="reconcile",
        zh="立即对账：一个账户，至某日",
        en="Reconcile an account now, up to a day",
        endpoint=reconciliations.run,
        takes="ReconciliationWish",
        gives="ReconciliationRun",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}",
        name="get_reconciliation",
        zh="一个账户的对账进度",
        en="How the reconciliation of one account stands",
        endpoint=reconciliations.get,
        parameters=(_RECONCILED,),
        gives="Reconciliation",
        errors=(403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/open",
        name="list_open_items",
        zh="一侧的未达账：账龄、原因、负责人、备注，最早的在前",
        en=("What is open on one side: age, reason, owner, comments; oldest first"),
        endpoint=reconciliations.open_items,
        parameters=(
            _RECONCILED,
            _asked(
                "side",
                "bank 银行侧，book 账面侧",
                "the side of the bank or of the books",
                schema={"enum": ["bank", "book"]},
                required=True,
            ),
            _asked(
                "start",
                "从第几条起（0 起）",
                "from which one on, counted from 0",
                schema={"type": "integer", "minimum": 0},
            ),
        ),
        gives="OpenItems",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/suggestions",
        name="list_match_suggestions",
        zh="最近一次对账的建议",
        en="What the last run suggests",
        endpoint=reconciliations.suggestions,
        parameters=(_RECONCILED,),
        gives="MatchSuggestions",
        errors=(403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/matches",
        name="list_matches",
        zh="匹配及其规则和理由（含已取消的），最新的在前",
        en=("Matches with rule and reasons, those undone among them; newest first"),
        endpoint=reconciliations.matches,
        parameters=(
            _RECONCILED,
            _asked(
                "start",
                "从第几条起（0 起）",
                "from which one on, counted from 0",
                schema={"type": "integer", "minimum": 0},
            ),
        ),
        gives="Matches",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliations/{account}/decisions",
        name="decide_open_items",
        zh=(
            "人工处理：match 匹配（可部分金额）、accept 采纳建议、unmatch 取消匹配、write_off "
            "核销、note 备注与负责人（仅限人员密钥）"
        ),
        en=(
            "A person's decision: match (in part too), accept a suggestion, "
            "unmatch, write_off, note a comment or an owner (person "
            "keys only)"
        ),
        endpoint=reconciliations.decide,
        parameters=(_RECONCILED,),
        takes="OpenItemDecision",
        gives="OpenItemDecided",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/memories",
        name="list_reconciliation_memories",
        zh="人员确认过的匹配所记住的对方与文本；只产生建议，互相矛盾的互相指明",
        en=(
            "Parties and texts remembered from matches that people made; they only suggest, and "
            "those that contradict each other name each other"
        ),
        endpoint=reconciliation_rules.memories,
        parameters=(_RECONCILED,),
        gives="ReconciliationMemories",
        errors=(403, 404),
    ),
    Operation(
        method="DELETE",
        path="/v1/reconciliations/{account}/memories/{memory}",
        name="forget_reconciliation_memory",
        zh="忘记一条记忆（仅限人员密钥）；重复调用结果不变",
        en="Forget a memory (person keys only); repeated, the same",
        endpoint=reconciliation_rules.forget,
        parameters=(
            _RECONCILED,
            _id("记忆编号（rmm_…）", "id of the memory (rmm_…)", "memory"),
            _asked("reason", "原因", "why"),
        ),
        gives="ReconciliationMemoryForgotten",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliations/{account}/dry-run",
        name="try_reconciliation_rules",
        zh="试算对账规则：在某账户某期间的全部数据上，与现行规则相比会有哪些不同；不存储任何内容",
        en=(
            "What rules would match otherwise than those in force, over everything kept of an "
            "account and a period; nothing is stored"
        ),
        endpoint=reconciliation_rules.dry_run,
        parameters=(_RECONCILED,),
        takes="ReconciliationTrialWish",
        gives="ReconciliationTrial",
        errors=(400, 403, 404),
        only_asks=True,
    ),
    Operation(
        method="GET",
        path="/v1/reconciliation-rules",
        name="list_reconciliation_rules",
        zh="现行对账规则与全部版本，最新的在前",
        en="The reconciliation rules in force, and every version, the newest first",
        endpoint=reconciliation_rules.listed,
        gives="ReconciliationRules",
        errors=(403,),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliation-rules",
        name="propose_reconciliation_rules",
        zh=(
            "提交一份完整的对账规则，由他人表决生效（仅限人员密钥）；未列出的取标准值；低于底线的逐项拒绝"
        ),
        en=(
            "Propose a whole rule set for another person to put in force (person keys only); what "
            "it does not name keeps its standard value, and what lies below a floor is refused, "
            "each value by its name"
        ),
        endpoint=reconciliation_rules.propose,
        takes="ReconciliationRuleProposal",
        gives="ReconciliationRuleVersion",
        errors=(400, 403),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliation-rules/{version}",
        name="get_reconciliation_rules",
        zh="一个版本：规则、与现行版本的差异",
        en="One version: its rules, and how they differ from what is in force",
        endpoint=reconciliation_rules.get,
        parameters=(_RULES,),
        gives="ReconciliationRuleVersion",
        errors=(403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliation-rules/{version}/votes",
        name="vote_reconciliation_rules",
        zh="提交人以外的人员对其摘要表决同意，即刻生效（仅限人员密钥）",
        en=(
            "The yes of another person than its proposer, over its digest, puts it in force "
            "(person keys only)"
        ),
        endpoint=reconciliation_rules.vote,
        parameters=(_RULES,),
        takes="ControlVote",
        gives="ReconciliationRuleVersion",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliation-rules/{version}/withdrawal",
        name="withdraw_reconciliation_rules",
        zh="撤回尚未生效的版本（仅限人员密钥）；重复调用结果不变",
        en="Withdraw a version that is not in force yet (person keys only); repeated, the same",
        endpoint=reconciliation_rules.withdraw,
        parameters=(_RULES,),
        takes="ControlWithdrawal",
        takes_required=False,
        gives="ReconciliationRuleVersion",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/sheets",
        name="list_balance_sheets",
        zh="已编制、已复核的余额调节表，最近的在前",
        en="The prepared and reviewed balance sheets, the latest first",
        endpoint=sheets.listed,
        parameters=(_RECONCILED,),
        gives="BalanceSheets",
        errors=(403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliations/{account}/sheets",
        name="prepare_balance_sheet",
        zh="编制某日的余额调节表，由他人复核；期间内经办或审批过该账户付款的人不能编制（仅限人员密钥）",
        en=(
            "Prepare the balance sheet of a day for another person to "
            "review; not who made or released payments of the account "
            "in the period (person keys only)"
        ),
        endpoint=sheets.prepare,
        parameters=(_RECONCILED,),
        takes="BalanceSheetWish",
        gives="BalanceSheet",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/sheets/{day}",
        name="get_balance_sheet",
        zh="某日的余额调节表：已编制或复核的原文，否则按当前数据计算",
        en=("The balance sheet of a day: as prepared or reviewed, else as it would be now"),
        endpoint=sheets.get,
        parameters=(_RECONCILED, _SHEET_DAY),
        gives="BalanceSheet",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/sheets/{day}/workbook",
        name="get_balance_sheet_workbook",
        zh="同上，XLSX 工作簿",
        en="The same as an XLSX workbook",
        endpoint=sheets.workbook,
        parameters=(_RECONCILED, _SHEET_DAY),
        errors=(400, 403, 404),
        gives_types=(sheets.WORKBOOK,),
    ),
    Operation(
        method="GET",
        path="/v1/reconciliations/{account}/sheets/{day}/paper",
        name="get_balance_sheet_paper",
        zh="同上，PDF：含编制、复核签字栏与内容摘要",
        en="The same as PDF, with preparer, reviewer and the digest of its content",
        endpoint=sheet_paper.get,
        parameters=(_RECONCILED, _SHEET_DAY),
        errors=(400, 403, 404, 422),
        gives_types=(receipts.PDF,),
    ),
    Operation(
        method="POST",
        path="/v1/reconciliations/{account}/sheets/{day}/review",
        name="review_balance_sheet",
        zh="复核：编制人以外的人员对其摘要确认，内容冻结，期间结账（仅限人员密钥）",
        en=(
            "Review by another person than who prepared it, over its "
            "digest: it is frozen and its period closed (person keys "
            "only)"
        ),
        endpoint=sheets.review,
        parameters=(_RECONCILED, _SHEET_DAY),
        takes="BalanceSheetReview",
        gives="BalanceSheet",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/bank-notices/{tenant}/{connection}",
        name="take_bank_notice",
        zh="银行动账通知：银行主动推送，按连接配置验证来源；落盘后答复，仅用于立即拉取当日明细，不入账",
        en=(
            "What the bank tells by itself: known by the connection's settings; durable before "
            "it is answered; it books nothing and has today's statement fetched at once"
        ),
        raw=notices.post,
        parameters=(
            _id("租户编号", "id of the tenant", "tenant"),
            _id("连接编号", "id of the connection", "connection"),
        ),
        takes="BankNotice",
        takes_type="application/xml",
        gives="NoticeTaken",
        errors=(400, 401, 404, 422),
        signed=False,
        body_max=notices.MOST,
    ),
    Operation(
        method="GET",
        path="/v1/confirmations",
        name="list_confirmations",
        zh="账户的对账回签，最近的月份在前",
        en="The monthly confirmations of an account, the latest month first",
        endpoint=confirmations.listed,
        parameters=(_asked("account", "账号", "account number", required=True),),
        gives="Confirmations",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/confirmations",
        name="prepare_confirmation",
        zh=(
            "编制某账户某月的对账回签，由他人签署；仅当该月每日已证实、月末余额已知、余额调节表已复核；"
            "当月经办或审批过该账户付款的人不能编制（仅限人员密钥）"
        ),
        en=(
            "Prepare the confirmation of an account's month for another person to sign; only "
            "where every day is proven, the closing balance is known and the balance sheet is "
            "reviewed; not who made or released payments of the account in the month (person "
            "keys only)"
        ),
        endpoint=confirmations.prepare,
        takes="ConfirmationWish",
        gives="Confirmation",
        errors=(400, 403, 404, 422),
    ),
    Operation(
        method="GET",
        path="/v1/confirmations/{id}",
        name="get_confirmation",
        zh="一份对账回签及银行答复原文",
        en="One confirmation, with the bank's own words",
        endpoint=confirmations.get,
        parameters=(_CONFIRMATION,),
        gives="Confirmation",
        errors=(403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/confirmations/{id}/signature",
        name="sign_confirmation",
        zh="签署：编制人以外的人员对其摘要确认；随后自动向银行发送一次，不可撤回（仅限人员密钥）",
        en=(
            "Sign over its digest, by another person than who prepared it; it then goes to the "
            "bank once and cannot be taken back (person keys only)"
        ),
        endpoint=confirmations.sign,
        parameters=(_CONFIRMATION,),
        takes="ConfirmationSignature",
        gives="Confirmation",
        errors=(400, 403, 404, 422),
    ),
    Operation(
        method="POST",
        path="/v1/confirmations/{id}/withdrawal",
        name="withdraw_confirmation",
        zh="撤回尚未签署的对账回签（仅限人员密钥）",
        en="Take back a confirmation that nobody has signed (person keys only)",
        endpoint=confirmations.withdraw,
        parameters=(_CONFIRMATION,),
        takes="ConfirmationWithdrawal",
        gives="Confirmation",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/receipts/{id}",
        name="get_receipt",
        zh=(
            "银行回单：默认为数据（JSON）；Accept: application/pdf 时为银行原件，没有时为"
            "网关转制的 PDF（非银行原件），由应答头 Receipt-Source 区分"
        ),
        en=(
            "The bank's receipt of a payment: its data as JSON, or with Accept: application/pdf the"
            " bank's own file, else the gateway's rendering (not the bank's original); the header"
            " Receipt-Source says which"
        ),
        endpoint=receipts.get,
        parameters=(
            _id(
                "指令编号（ins_…），或已取得回单的银行编号（该编号仅对应一笔付款时）",
                "id of the instruction (ins_…), or the bank's number of a kept receipt that is"
                " of one payment only",
            ),
        ),
        gives="Receipt",
        gives_types=("application/json", receipts.PDF),
        errors=(404, 422, *_ASKS_BANK),
    ),
    Operation(
        method="GET",
        path="/v1/accounts/{number}/receipts",
        name="get_account_receipts",
        zh="账户某日的银行回单文件与已记账明细是否一致：缺少哪些、多出哪些、预约进行到哪一步",
        en=(
            "Whether a day's receipt files are those of its booked lines: what is missing, what is"
            " over, and where the order of them stands"
        ),
        endpoint=receipt_days.get_day,
        parameters=(
            _ACCOUNT,
            _asked(
                "day",
                "日期 YYYY-MM-DD（默认昨日）",
                "day YYYY-MM-DD (yesterday unless told)",
                schema={"type": "string", "format": "date"},
            ),
        ),
        gives="AccountReceipts",
        errors=(400, 404, 422),
    ),
    Operation(
        method="GET",
        path="/v1/receipt-files/{id}",
        name="get_receipt_file",
        zh="一份银行回单文件原件（PDF），按所属明细的查看权限",
        en="One receipt as the bank made it (PDF), for whoever may see the line that it is of",
        endpoint=receipt_days.get_paper,
        parameters=(_id("回单文件编号（rcf_…）", "id of the receipt file (rcf_…)"),),
        gives_types=(receipts.PDF,),
        errors=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/queries",
        name="ask_bank",
        zh="查询余额、明细、历史余额、付款状态（查证）或回单；银行最短查询间隔内的相同查询共用一次银行调用",
        en=(
            "Ask for a balance, statement, day-end balances, a payment's status or its receipt;"
            " equal questions share one call within the bank's minimum interval"
        ),
        endpoint=queries.ask,
        takes="Query",
        gives="QueryAnswer",
        errors=(400, 404, 422, *_ASKS_BANK),
        only_asks=True,
    ),
    Operation(
        method="GET",
        path="/v1/queries",
        name="get_from_bank",
        zh="同 POST /v1/queries，参数写在地址中",
        en="As POST /v1/queries, told in the address",
        endpoint=queries.get,
        parameters=tuple(
            Parameter(name=name, place="query", zh=zh, en=en, schema=_TEXT, required=name == "kind")
            for name, zh, en in (
                (
                    "kind",
                    "查询种类：balance、statement、history、status、receipt",
                    "what is asked: balance, statement, history, status, receipt",
                ),
                ("id", "查询方自己的编号", "the asker's own number of the question"),
                ("account", "账号", "account"),
                ("start", "起始日 YYYY-MM-DD", "first day YYYY-MM-DD"),
                ("end", "结束日 YYYY-MM-DD", "last day YYYY-MM-DD"),
                ("erp_reference", "付款的业务参考号", "ERP reference of the payment"),
            )
        ),
        gives="QueryAnswer",
        errors=(400, 404, 422, *_ASKS_BANK),
    ),
    Operation(
        method="POST",
        path="/v1/collections",
        name="post_collection",
        zh="收款请求、代收/代扣或资金归集；银行不提供时答 422 并指明所缺能力，未受理",
        en=(
            "A payment request, direct debit or cash sweep; a bank that does not offer it is a 422"
            " that names the capability, and nothing is stored"
        ),
        endpoint=collections.post,
        takes="Collection",
        gives="Acceptance",
        errors=(400, 403, 422),
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
        path="/v1/controls",
        name="get_controls",
        zh="现行管控文件（或指定版本），带签名，可直接保存为文件；0 版为配置中的规则",
        en=(
            "The control document in force, or a named version, signed, to be kept as a file;"
            " version 0 is what the settings say"
        ),
        endpoint=controls.in_force,
        parameters=(
            Parameter(
                name="version",
                place="query",
                zh="版本号；默认现行版本",
                en="the version's number; unless told, the one in force",
                schema={"type": "integer", "minimum": 1, "maximum": 999_999_999},
            ),
        ),
        gives="ControlsExport",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/controls/proposals",
        name="list_control_versions",
        zh="管控文件的全部版本，最新的在前，不含内容（最多 1000 个）",
        en="All versions of the controls, newest first, without their content (at most 1000)",
        endpoint=controls.proposals,
        gives="ControlVersions",
        errors=(403,),
    ),
    Operation(
        method="POST",
        path="/v1/controls/proposals",
        name="propose_controls",
        zh="提交一份完整的新管控文件待表决（仅限人员密钥）；有误则一次列出全部错误",
        en=(
            "Propose a whole next control document (person keys only); every fault of it is told"
            " at once"
        ),
        endpoint=controls.propose,
        takes="ControlProposal",
        gives="ControlVersion",
        errors=(400, 403, 413, 422),
        body_max=FILE_BYTES_MAX,
    ),
    Operation(
        method="GET",
        path="/v1/controls/proposals/{version}",
        name="get_control_version",
        zh="一个版本：内容、与现行版本的差异、已有表决、还可由谁表决",
        en="One version: content, differences to what is in force, votes, and who may still vote",
        endpoint=controls.proposal,
        parameters=(_CONTROLS,),
        gives="ControlVersion",
        errors=(403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/controls/proposals/{version}/votes",
        name="vote_controls",
        zh="对一个版本表决同意：提交即为提交人的同意，至少还需一名他人；达到人数即刻生效（仅限人员密钥）",
        en=(
            "A person's yes to a version: the proposal is its proposer's, and it takes another"
            " person's at least; the last one puts it in force (person keys only)"
        ),
        endpoint=controls.vote,
        parameters=(_CONTROLS,),
        takes="ControlVote",
        gives="ControlVersion",
        errors=(400, 403, 404, 422),
    ),
    Operation(
        method="POST",
        path="/v1/controls/proposals/{version}/withdrawal",
        name="withdraw_controls",
        zh="撤回尚未生效的版本（仅限人员密钥）；重复调用结果不变",
        en="Withdraw a version that is not in force yet (person keys only); repeated, the same",
        endpoint=controls.withdraw,
        parameters=(_CONTROLS,),
        takes="ControlWithdrawal",
        takes_required=False,
        gives="ControlVersion",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/controls/explanation",
        name="explain_controls",
        zh="试算：这笔付款需要谁审批？不存储任何内容",
        en="A dry run: who would have to approve this payment? Nothing is stored",
        endpoint=controls.explanation,
        parameters=(
            _asked("from", "付款账号", "the debtor account", required=True),
            _asked("to", "收款账号", "the creditor account", required=True),
            _asked("amount", "金额，如 1200.50", "the amount, such as 1200.50", required=True),
            _asked(
                "type",
                "业务类型，默认 payment",
                "the business type (payment)",
                schema={"enum": [it.value for it in Business]},
            ),
            _asked(
                "payee",
                "收款人类别；默认按账号判断",
                "what the payee is; unless told, judged by the account",
                schema={"enum": [it.value for it in PayeeKind]},
            ),
            _asked(
                "known",
                "是否曾付过；默认按历史判断",
                "whether it was paid before; unless told, looked up",
                schema={"type": "boolean"},
            ),
            _asked(
                "maker",
                "经办人，如 person:wang；默认调用者",
                "who makes it, such as person:wang; unless told, whoever asks",
            ),
            _asked("erp", "ERP 系统", "the ERP system"),
            _asked("item", "预算项目", "the budget item"),
        ),
        gives="ControlExplanation",
        errors=(400, 403),
    ),
    Operation(
        method="GET",
        path="/v1/controls/use",
        name="use_of_controls",
        zh=("限额与资金计划的上限、已用（含已放行未完成的）、剩余；只返回有权查看的，最多 1000 项"),
        en=(
            "Cap, used (payments on their way included) and left of limits and plan lines; only"
            " what the caller may view, at most 1000"
        ),
        endpoint=limit_use.use,
        parameters=(
            _asked("company", "公司；默认全部", "a company; unless told, every one"),
            _asked("item", "预算项目；填写则只列资金计划", "a budget item: plan lines only"),
            _asked(
                "period",
                "期间，如 2026、2026-10、2026-10-15；默认今天所在的日、月、年",
                "a period such as 2026, 2026-10, 2026-10-15; unless told, today's day, month, year",
            ),
        ),
        gives="ControlUse",
        errors=(400,),
    ),
    Operation(
        method="GET",
        path="/v1/payees",
        name="list_payees",
        zh="收款人主数据，按编号排序；approved 为假表示该记录未经审批，不作数",
        en=(
            "The payee master, by id; where approved is false, nobody approved the entry as it"
            " stands and it counts for nothing"
        ),
        endpoint=payees.listed,
        parameters=(
            _asked("account", "收款账号", "an account number"),
            _asked("vendor", "供应商编号", "a vendor"),
            _asked("state", "状态", "a state", schema={"enum": [it.value for it in PayeeState]}),
            _asked("after", "上一页的 next", "next of the page before"),
            _asked(
                "limit",
                "每页条数，默认 100",
                "payees of a page (100)",
                schema={"type": "integer", "minimum": 1, "maximum": payees.LISTED_MAX},
            ),
        ),
        gives="Payees",
        errors=(400, 403),
    ),
    Operation(
        method="GET",
        path="/v1/payees/proposals",
        name="list_payee_proposals",
        zh="待表决的收款人变更，最早的在前，不含明细",
        en="Open proposals to change payees, oldest first, without their items",
        endpoint=payees.proposals,
        gives="PayeeProposals",
        errors=(403,),
    ),
    Operation(
        method="POST",
        path="/v1/payees/proposals",
        name="propose_payees",
        zh="提议新增、变更、停用、解除停用或移除收款人，由另一人表决（仅限人员密钥）",
        en=(
            "Propose to create, change, block, unblock or remove payees, for another person to"
            " vote on (person keys only)"
        ),
        endpoint=payees.propose,
        takes="PayeeWishes",
        gives="PayeeProposal",
        errors=(400, 403, 413, 422),
    ),
    Operation(
        method="POST",
        path="/v1/payees/imports",
        name="import_payees",
        zh="提交 CSV 文件作为一份提议（仅限人员密钥）；逐行列出错误，有误则一条也不提交",
        en=(
            "Propose a whole CSV file at once (person keys only); faults are told by line, and with"
            " any nothing is proposed"
        ),
        raw=payees.import_file,
        parameters=(
            _asked(
                "comment",
                "说明",
                "what for",
                schema={"type": "string", "maxLength": COMMENT_MAX},
            ),
            _asked(
                "source",
                "文件来源，如文件名",
                "where it is from, such as its name",
                schema={"type": "string", "maxLength": payees.SOURCE_MAX},
            ),
        ),
        takes="PayeeFile",
        takes_type="text/csv",
        gives="PayeeProposal",
        errors=(400, 403, 413, 422, 503),
    ),
    Operation(
        method="GET",
        path="/v1/payees/proposals/{id}",
        name="get_payee_proposal",
        zh="一份收款人变更：明细与现状、已有表决、还可由谁表决",
        en="One proposal: its items beside what stands now, votes, and who may still vote",
        endpoint=payees.proposal,
        parameters=(
            _PAYEE_CHANGE,
            _asked(
                "after",
                "从第几项之后列起（上一页的 next_items）",
                "items after this one (next_items of the page before)",
                schema={"type": "integer", "minimum": 0, "maximum": 999_999_999},
            ),
        ),
        gives="PayeeProposal",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/payees/proposals/{id}/votes",
        name="vote_payees",
        zh="对一份收款人变更表决同意：须为提议人以外的人员，即刻生效并开始冷静期（仅限人员密钥）",
        en=(
            "A person's yes to a proposal, of another person than who made it: it takes effect at"
            " once, and cooling begins (person keys only)"
        ),
        endpoint=payees.vote,
        parameters=(_PAYEE_CHANGE,),
        takes="ControlVote",
        gives="PayeeProposal",
        errors=(400, 403, 404, 422),
    ),
    Operation(
        method="POST",
        path="/v1/payees/proposals/{id}/withdrawal",
        name="withdraw_payees",
        zh="撤回一份待表决的收款人变更（仅限人员密钥）；重复调用结果不变",
        en="Withdraw an open proposal (person keys only); repeated, the same",
        endpoint=payees.withdraw,
        parameters=(_PAYEE_CHANGE,),
        takes="ControlWithdrawal",
        takes_required=False,
        gives="PayeeProposal",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/payees/{id}",
        name="get_payee",
        zh="一个收款人及其变更历史，最新的在前",
        en="One payee with what was proposed of it, newest first",
        endpoint=payees.get,
        parameters=(_PAYEE,),
        gives="PayeeWithHistory",
        errors=(403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/people/{login}/disabling",
        name="disable_person",
        zh="停用一名人员的登录，其会话即刻结束；有管控文件时须 identities（仅限他人的人员密钥）",
        en=(
            "Take a person's log-in away, every session ends at once; under a control document it"
            " takes identities (another person's key only)"
        ),
        endpoint=people.disable,
        parameters=(_LOGIN,),
        takes="AccessWish",
        gives="Access",
        errors=(400, 403, 404),
    ),
    Operation(
        method="POST",
        path="/v1/people/{login}/enabling",
        name="enable_person",
        zh="恢复一名人员的登录（仅限他人的人员密钥）",
        en="Give a person's log-in back (another person's key only)",
        endpoint=people.enable,
        parameters=(_LOGIN,),
        takes="AccessWish",
        gives="Access",
        errors=(400, 403, 404),
    ),
    Operation(
        method="GET",
        path="/v1/webhooks/deliveries",
        name="list_deliveries",
        zh=(
            "回调与 ERP 系统的投递记录，默认列出多次失败后停止投递的（dead），最早的在前，"
            "最多 1000 条"
        ),
        en=(
            "Deliveries to webhooks and ERP systems: unless told those given up after many tries"
            " (dead), oldest first, at most 1000"
        ),
        endpoint=webhooks.listed,
        parameters=(
            Parameter(
                name="state",
                place="query",
                zh="dead（默认）、pending、delivered 或 superseded（ERP 已收到更新的状态）",
                en="dead (default), pending, delivered or superseded (the ERP has something later)",
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
        zh="重新投递一个事件（编号与正文不变）；等待中的立即再试；ERP 已收到更新状态的不再投递",
        en=(
            "Deliver an event again (same id, same body); one that waits is tried at once; none"
            " that an ERP has been told something later of"
        ),
        endpoint=webhooks.again,
        parameters=(_id("事件编号（evt_…）", "id of the event (evt_…)"),),
        gives="Delivery",
        errors=(404, 422),
    ),
    Operation(
        method="GET",
        path="/v1/bank-offices",
        name="find_bank_offices",
        zh="查询行名行号：按行号，或按行名（可限城市），最符合的在前，最多 50 条",
        en="Bank offices by number, or by name (in a city), best first, at most 50",
        endpoint=reference.offices,
        parameters=(
            Parameter(
                name="number",
                place="query",
                zh="12 位行号",
                en="the 12 digits of the office",
                schema={"type": "string", "pattern": "^[0-9]{12}$"},
            ),
            Parameter(
                name="name",
                place="query",
                zh="行名或其一部分",
                en="the name or a part of it",
                schema={"type": "string", "minLength": 1, "maxLength": 120},
            ),
            Parameter(
                name="city",
                place="query",
                zh="只要该城市的（可不带“市”）",
                en="only those of this city",
                schema=_TEXT,
            ),
        ),
        gives="BankOffices",
        errors=(400,),
    ),
    Operation(
        method="GET",
        path="/v1/calendar/{day}",
        name="get_day",
        zh="某日是否工作日；provisional 表示尚无公布依据",
        en="Whether a day is a working day; provisional: nobody has published it yet",
        endpoint=reference.day,
        parameters=(
            Parameter(
                name="day",
                place="path",
                zh="日期 YYYY-MM-DD",
                en="day YYYY-MM-DD",
                schema={"type": "string", "format": "date"},
                required=True,
            ),
            Parameter(
                name="calendar",
                place="query",
                zh="日历编号，默认 cn-state-council",
                en="id of the calendar (cn-state-council)",
                schema=_TEXT,
            ),
        ),
        gives="CalendarDay",
        errors=(400, 404),
    ),
    Operation(
        method="GET",
        path="/v1/route",
        name="propose_route",
        zh="某笔金额在某时刻建议走的渠道和汇出时间，以及其他渠道未选的原因；仅为建议",
        en="The channel proposed for an amount at an instant, and why not the others; a proposal",
        endpoint=reference.route,
        parameters=(
            Parameter(
                name="amount",
                place="query",
                zh="金额，如 1200.50",
                en="the amount, such as 1200.50",
                schema=_TEXT,
                required=True,
            ),
            Parameter(
                name="own_bank",
                place="query",
                zh="收款行是否本行：true 或 false",
                en="whether the payee banks with the same bank: true or false",
                schema={"type": "boolean"},
                required=True,
            ),
            Parameter(
                name="at",
                place="query",
                zh="时刻（北京时间），默认现在，如 2026-10-01T16:30",
                en="the instant in Beijing time, now unless told, such as 2026-10-01T16:30",
                schema=_TEXT,
            ),
            Parameter(
                name="urgency",
                place="query",
                zh="normal（默认）或 urgent",
                en="normal (default) or urgent",
                schema={"enum": ["normal", "urgent"]},
            ),
            Parameter(
                name="currency",
                place="query",
                zh="币种，默认 CNY",
                en="the currency (CNY)",
                schema=_TEXT,
            ),
        ),
        gives="Route",
        errors=(400,),
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

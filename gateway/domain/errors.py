"""The error tree. Expected outcomes are values; exceptions are for these six rows only.

GatewayError
  Refused       the caller's fault; nothing was sent   (InvalidInstruction, ReusedReference,
                DocumentTaken, NotPermitted, NotOffered, NotFound,
                Overloaded, NoRoom, DatabaseAway)
  NotSent       certainly did not leave: a retry is safe
  Unconfirmed   may have left: enquire, never send as new
  BankRefused   the bank answered no (code, text)      (OperatorRefused)
  WireError     bytes not of the promised form: where (path), never the value
  Corrupt       our own invariant broke: stop the line, page someone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a request: where it is, a stable code, and what to do, in two languages.

    ``path`` names the field as the sender wrote it (JSON pointer, element path or column);
    ``line`` is the one-based line of a file where known. Texts never repeat a secret
    or a full account number.
    """

    path: str
    code: str
    zh: str
    en: str
    line: int | None = None

    def document(self) -> dict[str, object]:
        """As it stands in problem documents, stored results and machine-readable output."""
        return {
            "path": self.path,
            "line": self.line,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
        }


class GatewayError(Exception):
    """Root of everything the gateway raises on purpose."""

    code = "gateway_error"
    zh = "网关错误"
    en = "gateway error"

    def __init__(self, en: str = "", zh: str = "") -> None:
        self.en = en or self.en
        self.zh = zh or self.zh
        super().__init__(self.en)


class Refused(GatewayError):
    """The caller's fault; nothing was sent. ``faults`` lists every fault found, not the first."""

    code = "refused"
    zh = "请求被拒绝"
    en = "the request was refused"

    def __init__(self, en: str = "", zh: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(en, zh)
        self.faults = tuple(faults)


class InvalidInstruction(Refused):
    """Fields are missing or wrong."""

    code = "invalid_instruction"
    zh = "付款指令有错误，未受理"
    en = "the instruction has faults and was not accepted"


class ReusedReference(Refused):
    """The same ERP reference or idempotency key came before with other content."""

    code = "reused_reference"
    zh = "同一业务参考号已用于不同内容"
    en = "this reference was used before with other content"

    def __init__(
        self, *, stored_digest: str, sent_digest: str, faults: Sequence[Fault] = ()
    ) -> None:
        super().__init__(faults=faults)
        self.stored_digest = stored_digest
        self.sent_digest = sent_digest


class DocumentTaken(Refused):
    """A document of the ERP is paid already: by itself, or inside a merged payment."""

    code = "merged_taken"
    zh = "来源单据已在另一笔付款中支付或办理中，未受理"
    en = "a source document is being paid, or was paid, by another payment; nothing was accepted"


class NotPermitted(Refused):
    """The caller may not do this."""

    code = "not_permitted"
    zh = "没有权限"
    en = "not permitted"


class NotOffered(Refused):
    """The bank, dialect or connection does not offer this."""

    code = "not_offered"
    zh = "该银行或连接不提供此功能"
    en = "this bank or connection does not offer that"


class NotFound(Refused):
    """No such thing for this tenant."""

    code = "not_found"
    zh = "未找到"
    en = "not found"


class Overloaded(Refused):
    """Refused before acceptance because a bound is reached; try again later."""

    code = "overloaded"
    zh = "系统繁忙，请稍后重试；本次请求未受理"
    en = "busy; nothing was accepted, try again later"


class NoRoom(Overloaded):
    """The database's disk is full. Reading goes on; writing again as soon as there is room."""

    code = "no_room"
    zh = "存储空间不足，本次请求未受理；腾出空间后自动恢复，请稍后重试"
    en = "the disk is full and nothing was accepted; it recovers by itself, try again later"


class DatabaseAway(Overloaded):
    """The database server cannot be reached. It is tried again by itself."""

    code = "database_away"
    zh = "数据库暂时无法连接，本次请求未受理，请稍后重试"
    en = "the database cannot be reached and nothing was accepted, try again later"


class NotSent(GatewayError):
    """Certainly no byte left this machine: a retry is safe."""

    code = "not_sent"
    zh = "未发送"
    en = "not sent"


class Unconfirmed(GatewayError):
    """The request may have reached the bank: the outcome is not known, enquire."""

    code = "unconfirmed"
    zh = "结果未明，须查证"
    en = "outcome not known, enquire"


class BankRefused(GatewayError):
    """The bank answered a query with a refusal."""

    code = "bank_refused"
    zh = "银行拒绝"
    en = "the bank refused"

    def __init__(self, bank_code: str, text: str) -> None:
        super().__init__(f"the bank refused: {bank_code}", f"银行拒绝：{bank_code}")
        self.bank_code = bank_code
        self.text = text


class OperatorRefused(BankRefused):
    """The bank refused our sign-on: the connection must stop, lest the operator be locked."""

    code = "operator_refused"


class WireError(GatewayError):
    """Bytes are not of the promised form. ``path`` says where; the value is never repeated.

    ``reason`` is a stable code such as ``doctype``, ``encoding``, ``malformed``, ``depth``,
    ``missing``, ``surplus``, ``format``; ``line`` is one-based where known.
    """

    code = "wire_error"

    def __init__(self, reason: str, path: str = "", *, line: int | None = None) -> None:
        where = f"{path or '/'}" + (f" (line {line})" if line else "")
        super().__init__(f"{reason} at {where}", f"报文格式错误 {reason}，位置 {where}")
        self.reason = reason
        self.path = path
        self.line = line


class Corrupt(GatewayError):
    """Our own invariant broke. The line stops and a person is called."""

    code = "corrupt"
    zh = "内部不变量被破坏，已停止"
    en = "an internal invariant is broken; stopped"

"""Tables that a treasury system and the gateway share: every name of them in one mapping.

Rule kept here: nothing below a name of ours (``order.amount``) is known to code; what a client
calls it stands in the options of the ERP system, and a mapping that could mislead is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.errors import Fault, Refused
from gateway.domain.instruction import State

REFUSED: Final = "REFUSED"
"""What stands for an order that was never accepted, beside the states of accepted ones."""

_STANDING: Final = (
    *("system", "order", "line", "seq", "gateway_reference", "status", "send_flag", "bank_code"),
    *("bank_text", "bank_serial", "bank_time", "final", "returned", "recon_code", "amount"),
    *("currency", "acknowledged_at"),
)
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": (
        *("system", "order", "line", "batch", "company", "payer_account", "payer_name"),
        *("payee_account", "payee_name", "payee_bank", "payee_cnaps", "payee_bic", "payee_city"),
        *("urgent", "currency", "amount", "purpose", "memo", "pay_day", "pay_type"),
        *("payroll_purpose", "recon_code", "budget_item", "sources", "status", "taken_at"),
    ),
    "result": _STANDING,
    "entry": (
        *("key", "account", "account_name", "day", "time", "value_day", "side", "amount"),
        *("balance", "currency", "payee_account", "payee_name", "payee_bank", "text"),
        *("bank_serial", "order", "line", "recon_code", "end_to_end_id", "receipt", "returned"),
        "seen_at",
    ),
    "balance": (
        *("account", "account_name", "currency", "day", "ledger", "available", "frozen"),
        *("previous", "as_of"),
    ),
    "receipt": (
        *("receipt", "account", "day", "amount", "currency", "bank_serial", "entry"),
        *("order", "line", "file_name", "file_sha256", "content"),
    ),
    "match": (
        *("item", "version", "account", "order", "line", "currency", "amount", "matched"),
        *("state", "match", "kind", "rule", "by", "lines", "bank_day", "bank_serial"),
        *("bank_amount", "written_at"),
    ),
    "query": (
        *("system", "query", "kind", "account", "start", "end", "order", "line"),
        *("status", "taken_at"),
    ),
    "answer": ("system", "query", "status", "code", "text", "answered_at"),
}
"""By table, what its columns are for: our names."""

REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "order": frozenset(
        {"order", "payer_account", "payee_account", "payee_name", "amount", "purpose", "status"}
    ),
    "result": frozenset({"order", "seq", "gateway_reference", "status", "bank_text", "final"}),
    "entry": frozenset({"key", "account", "day", "side", "amount", "currency"}),
    "balance": frozenset({"account", "currency", "day", "ledger", "as_of"}),
    "receipt": frozenset({"receipt", "account", "day", "file_name", "content"}),
    "match": frozenset({"item", "version", "state", "amount", "matched"}),
    "query": frozenset({"query", "kind", "account", "status"}),
    "answer": frozenset({"query", "status", "answered_at"}),
}
"""Columns without which a table says nothing."""

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("system", "order", "line"),
    "result": ("system", "order", "line", "seq"),
    "entry": ("key",),
    "balance": ("account", "currency", "day"),
    "receipt": ("receipt",),
    "match": ("item",),
    "query": ("system", "query"),
    "answer": ("system", "query"),
}
"""What makes a row's identity, of the columns that are there."""

_NEEDED: Final = frozenset({"order", "result"})
_PAIRED: Final = frozenset({"query", "answer"})
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}", re.ASCII)
_TABLE: Final = re.compile(rf"(?:{_NAME.pattern}\.)?{_NAME.pattern}", re.ASCII)
_WORD_MAX: Final = 40
_UNDECIDED: Final = frozenset(
    {State.RECEIVED, State.HELD, State.APPROVED, State.SCHEDULED, State.QUEUED, State.SENDING}
    | {State.ACKNOWLEDGED, State.BANK_APPROVAL, State.PROCESSING, State.UNCONFIRMED}
)
_NOT_PAID: Final = (State.REJECTED, State.CANCELLED, State.EXPIRED, REFUSED)
_PAID: Final = (State.SETTLED, State.PAID_ELSEWHERE, State.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedNames:
    """One client's names. ``columns`` maps ours to theirs, '' for a column that is not there."""

    title: str
    """What the proposal is called, as the format of its messages says: ``byte``."""
    tables: Mapping[str, str]
    """'' for a table that is not there."""
    columns: Mapping[str, Mapping[str, str]]
    words: Mapping[str, str]
    """What a state is called in ``result.status``; REFUSED too."""
    flags: Mapping[str, str]
    """What it is in ``result.send_flag``."""
    values: Mapping[str, str]
    """Codes of single columns: VALUES below."""

    def has(self, table: str) -> bool:
        """Whether the client has that table."""
        return bool(self.tables[table])

    def key(self, table: str) -> tuple[str, ...]:
        """The physical columns that make a row's identity."""
        found = self.columns[table]
        return tuple(found[it] for it in KEYS[table] if found[it])


VALUES: Final[Mapping[str, str]] = {
    "ready": "0",
    "taken": "1",
    "answered": "3",
    "urgent_yes": "1",
    "urgent_no": "0",
    "type_payment": "0",
    "type_payroll": "1",
    "type_internal": "2",
    "yes": "1",
    "no": "0",
    "debit": "D",
    "credit": "C",
}
"""Codes of single columns unless an option says otherwise. ``answered`` may be '': see README."""

_OWN_OPTIONS: Final = frozenset({"src_system"})
OPTIONS: Final = frozenset(
    _OWN_OPTIONS
    | {f"{table}_table" for table in FIELDS}
    | {f"{table}_{field}" for table, fields in FIELDS.items() for field in fields}
    | {f"value_{value}" for value in VALUES}
    | {f"state_{state.lower()}" for state in (*State, REFUSED)}
)
"""Every option of a system that shares tables."""


def named(names: SharedNames, options: Mapping[str, str]) -> SharedNames:
    """The proposal's names as a client's options change them. Raises Refused with every fault."""
    tables = {it: options.get(f"{it}_table", name) for it, name in names.tables.items()}
    columns = {
        table: {it: options.get(f"{table}_{it}", name) for it, name in fields.items()}
        for table, fields in names.columns.items()
    }
    words = {it: options.get(f"state_{it.lower()}", word) for it, word in names.words.items()}
    values = {it: options.get(f"value_{it}", value) for it, value in names.values.items()}
    made = replace(names, tables=tables, columns=columns, words=words, values=values)
    if faults := tuple(_faults(made)):
        raise Refused("the names of the tables are wrong", "中间表名称配置有误", faults)
    return made


def _faults(names: SharedNames) -> Iterator[Fault]:
    for table, name in names.tables.items():
        if not name:
            if table in _NEEDED:
                yield _fault(f"{table}_table", "required", "必填", "is required")
        elif _TABLE.fullmatch(name) is None:
            yield _fault(f"{table}_table", "name", "不是合法的表名", "is no name of a table")
        else:
            yield from _of_columns(table, names.columns[table])
    if len({names.has(it) for it in _PAIRED}) > 1:
        yield _fault("answer_table", "required", "与 query_table 须同时有或无", "goes with queries")
    for asked, told in (("order", "result"), ("query", "answer")):
        for field in KEYS[asked]:  # an answer is found by the key of what it answers
            if bool(names.columns[asked][field]) != bool(names.columns[told][field]):
                zh, en = f"与 {asked}_{field} 须同时有或无", f"goes with {asked}_{field}"
                yield _fault(f"{told}_{field}", "required", zh, en)
    yield from _of_words(names.words)
    yield from _of_values(names.values)


def _of_columns(table: str, columns: Mapping[str, str]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for field, name in columns.items():
        option = f"{table}_{field}"
        if not name:
            if field in REQUIRED[table]:
                yield _fault(option, "required", "该列不可缺少", "this column cannot be left out")
        elif _NAME.fullmatch(name) is None:
            yield _fault(option, "name", "不是合法的列名", "is no name of a column")
        elif name.lower() in seen:
            other = f"{table}_{seen[name.lower()]}"
            yield _fault(option, "repeated", f"与 {other} 同名", f"is the column of {other} too")
        else:
            seen[name.lower()] = field


def _of_words(words: Mapping[str, str]) -> Iterator[Fault]:
    """A word that could be taken for another outcome would have a payment made twice."""
    for state, word in words.items():
        if not word or len(word) > _WORD_MAX or not word.isprintable():
            yield _fault(f"state_{state.lower()}", "word", "须为 1–40 个可见字符", "must be a code")
    failed = {words[it] for it in _NOT_PAID}
    paid = {words[it] for it in _PAID}
    for state in _UNDECIDED:
        if words[state] in failed | paid:
            yield _fault(
                f"state_{state.lower()}",
                "ambiguous",
                "结果未定的状态不能与成功或失败的状态共用代码",
                "an outcome that is open may not share its code with a success or a failure",
            )
    if failed & paid:
        yield _fault(
            "state_settled",
            "ambiguous",
            "成功与失败的状态不能共用代码",
            "a success may not share its code with a failure",
        )


def _of_values(values: Mapping[str, str]) -> Iterator[Fault]:
    marks = [values[it] for it in ("ready", "taken", "answered") if values[it] or it != "answered"]
    if len(set(marks)) < len(marks) or not all(marks):
        yield _fault(
            "value_taken",
            "ambiguous",
            "ready、taken、answered 的代码须各不相同且非空",
            "the codes of ready, taken and answered must differ and not be empty",
        )
    for group in (("urgent_yes", "urgent_no"), ("yes", "no"), ("debit", "credit")):
        if len({values[it] for it in group}) < len(group):
            yield _fault(f"value_{group[0]}", "ambiguous", "代码须各不相同", "codes must differ")


def _fault(option: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=option, code=code, zh=zh, en=en)


def columns_of(table: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A table's columns in our order, those without a name being absent."""
    given = dict(pairs)
    return {field: given.get(field, "") for field in FIELDS[table]}

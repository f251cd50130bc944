"""What the stand-in of 星空 holds: bills with entries, rows of the customer's own forms, files.

Rule kept here: a bill that was audited changes only in the customer's own fields, and what a
message leaves out of a list of entries is deleted unless the message says otherwise, as 星空 does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec

BILL: Final = "AP_PAYBILL"
ENTRIES: Final = "FPAYBILLENTRY"
ENTRY_ID: Final = "FEntryID"
FILES: Final = "BOS_Attachment"
OWN_FORMS: Final = frozenset({"GW_BankEntry", "GW_BankBalance"})
OWN_KEY: Final = "F_GW_Key"
AUDITED, SUBMITTED, DRAFT = "C", "B", "A"
_OWN_FIELD: Final = re.compile(r"F_[A-Za-z0-9_]{1,60}", re.ASCII)
_STATUS: Final = re.compile(r"([AB])/([A-F])", re.ASCII)
_HEAD_FIELDS: Final = frozenset(
    {"FBillNo", "FPAYORGID", "FDATE", "FCURRENCYID", "FBillTypeID", "FTHIRDBILLNO"}
)
_ENTRY_FIELDS: Final = frozenset(
    {"FACCOUNTID", "FOPPOSITEBANKACCOUNT", "FOPPOSITECCOUNTNAME", "FOPPOSITEBANKNAME", "FCNAPS"}
    | {"FRecType", "FREALPAYAMOUNTFOR", "FPAYTOTALAMOUNTFOR", "FCOMMENT", "FUse", "FSETTLENO"}
)
_OWN_ENTRY_FIELDS: Final = frozenset(
    {"F_GW_BankStatus", "F_GW_State", "F_GW_BankMsg", "F_GW_BankRef", "F_GW_Id", "F_GW_Attempt"}
)
_TAKEN_BACK_FROM: Final = frozenset({"D", "E"})
"""撤销提交银行 is allowed after these only."""
_AMOUNT: Final = Decimal("0.0000000001")
"""星空 keeps ten decimals."""


class OpError(Exception):
    """An operation that 星空 refuses, with its MsgCode."""

    def __init__(self, code: int, field_name: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.field = field_name
        self.words = words


@dataclass(slots=True)
class Entry:
    """One entry of a bill. ``told`` is every status that was ever written into it."""

    id: int
    fields: dict[str, object]
    submitted: str = "A"
    bank: str = "A"
    told: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Bill:
    """A payment bill."""

    id: int
    fields: dict[str, object]
    entries: list[Entry]
    status: str = DRAFT

    @property
    def number(self) -> str:
        """Its number."""
        return str(self.fields["FBillNo"])


@dataclass(slots=True)
class Books:
    """Everything, in memory."""

    bills: dict[int, Bill] = field(default_factory=dict)
    own: dict[str, dict[int, dict[str, object]]] = field(default_factory=dict)
    files: list[dict[str, object]] = field(default_factory=list)
    half: dict[str, bytes] = field(default_factory=dict)
    """Files of which the last piece is not there yet, by FileId."""
    said: set[str] = field(default_factory=set)
    """Models that came with ValidateRepeatJson."""
    last_id: int = 100_000

    def fresh(self) -> int:
        """The next inner id."""
        self.last_id += 1
        return self.last_id

    # ── saving ────────────────────────────────────────────────────────────────────────────

    def save(
        self, form: str, model: Mapping[str, object], how: Mapping[str, object]
    ) -> tuple[str, str]:
        """Save one model; the id and number it got. Raises OpError."""
        if truth(how.get("ValidateRepeatJson", False)):
            digest = msgspec.json.encode(model, order="sorted").decode()
            if digest in self.said:
                raise OpError(11, "", "重复的 Json 数据")
            self.said.add(digest)
        if form == BILL:
            return self._save_bill(model, how)
        if form in OWN_FORMS:
            return self._save_own(form, model)
        raise OpError(5, "FormId", f"unknown form {form}")

    def _save_own(self, form: str, model: Mapping[str, object]) -> tuple[str, str]:
        rows = self.own.setdefault(form, {})
        strange = [name for name in model if _OWN_FIELD.fullmatch(name) is None]
        if strange:
            raise OpError(9, strange[0], f"字段 {strange[0]} 不存在")
        key = model.get(OWN_KEY)
        if not isinstance(key, str) or not key:
            raise OpError(11, OWN_KEY, "必录项未录入")
        if any(row[OWN_KEY] == key for row in rows.values()):
            raise OpError(11, OWN_KEY, "违反字段唯一性要求")
        made = self.fresh()
        rows[made] = {"FID": made, **model}
        return str(made), key

    def _save_bill(self, model: Mapping[str, object], how: Mapping[str, object]) -> tuple[str, str]:
        given = str(model.get("FID") or "0")
        if given != "0":
            if not given.isdigit() or int(given) not in self.bills:
                raise OpError(10, "FID", "单据不存在")
            bill = self.bills[int(given)]
            self._change(bill, model, how)
            return str(bill.id), bill.number
        number = str(model.get("FBillNo") or f"FKD{self.last_id + 1:08d}")
        if any(it.number == number for it in self.bills.values()):
            raise OpError(11, "FBillNo", "单据编号已存在")
        entries = _listed(model)
        if not entries:
            raise OpError(11, ENTRIES, "付款明细必录")
        fields = {name: it for name, it in model.items() if name not in {"FID", ENTRIES}}
        _known(fields, _HEAD_FIELDS)
        bill = Bill(id=self.fresh(), fields={**fields, "FBillNo": number}, entries=[])
        for one in entries:
            plain = {name: it for name, it in one.items() if name != ENTRY_ID}
            _known(plain, _ENTRY_FIELDS | _OWN_ENTRY_FIELDS)
            bill.entries.append(Entry(id=self.fresh(), fields=plain))
        self.bills[bill.id] = bill
        return str(bill.id), number

    def _change(self, bill: Bill, model: Mapping[str, object], how: Mapping[str, object]) -> None:
        """Change a bill that is there: all of it or nothing."""
        wanted = how.get("NeedUpDateFields")
        only = frozenset(map(str, wanted)) if isinstance(wanted, list) and wanted else None
        named = {int(str(it.get(ENTRY_ID) or 0)): it for it in _listed(model)}
        known = {it.id: it for it in bill.entries}
        strange = sorted(named.keys() - known.keys())
        if strange:
            raise OpError(10, ENTRY_ID, f"分录 {strange[0]} 不存在")
        leaves = truth(how.get("IsDeleteEntry", True)) and named.keys() != known.keys()
        if leaves and bill.status == AUDITED:
            raise OpError(12, ENTRIES, "已审核的单据不允许删除分录")
        changes = {
            place: {
                name: it
                for name, it in said.items()
                if name != ENTRY_ID and (only is None or name in only)
            }
            for place, said in named.items()
        }
        for fields in changes.values():
            _known(fields, _ENTRY_FIELDS | _OWN_ENTRY_FIELDS)
            if bill.status == AUDITED and not fields.keys() <= _OWN_ENTRY_FIELDS:
                raise OpError(12, ENTRIES, "已审核的单据不允许修改")
        for place, fields in changes.items():
            known[place].fields |= fields
            if fields.keys() & _OWN_ENTRY_FIELDS:
                known[place].told.append(dict(fields))
        if leaves:
            bill.entries = [it for it in bill.entries if it.id in named]

    # ── operations ────────────────────────────────────────────────────────────────────────

    def operate(self, operation: str, number: str) -> tuple[str, str]:
        """Carry out an operation on the bill of this number. Raises OpError."""
        bill = next((it for it in self.bills.values() if it.number == number), None)
        if bill is None:
            raise OpError(10, "Numbers", "单据不存在")
        match operation:
            case "Submit" if bill.status == DRAFT:
                bill.status = SUBMITTED
            case "Audit" if bill.status == SUBMITTED:
                bill.status = AUDITED
            case "UnAudit" if bill.status == AUDITED and _untouched(bill):
                bill.status = DRAFT
            case "SubmitBank" if bill.status == AUDITED:
                self._to_bank(bill)
            case "CancelWB" if all(it.bank in _TAKEN_BACK_FROM for it in bill.entries):
                for entry in bill.entries:
                    entry.submitted, entry.bank = "A", "A"
            case "Synchronism":
                _synchronise(bill)
            case "Submit" | "Audit" | "UnAudit" | "SubmitBank" | "CancelWB":
                raise OpError(12, "", "单据状态不允许此操作")
            case _:
                raise OpError(3, "opNumber", f"unknown operation {operation}")
        return str(bill.id), bill.number

    @staticmethod
    def _to_bank(bill: Bill) -> None:
        """提交银行, as the customer's plug-in does it: a new attempt of what is not there yet."""
        waiting = [it for it in bill.entries if it.submitted == "A"]
        if not waiting:
            raise OpError(12, "", "已提交银行")
        for entry in waiting:
            attempt = int(str(entry.fields.get("F_GW_Attempt") or 0)) + 1
            entry.fields |= {"F_GW_Attempt": attempt, "F_GW_State": "", "F_GW_BankStatus": ""}
            entry.submitted, entry.bank = "B", "A"

    def attach(self, said: Mapping[str, object], content: bytes) -> str:
        """One piece of a file; its id. Raises OpError."""
        form, owner = str(said.get("FormId")), str(said.get("InterId"))
        there = self.bills if form == BILL else self.own.get(form, {})
        if not owner.isdigit() or int(owner) not in there:
            raise OpError(10, "InterId", "单据不存在")
        file_id = str(said.get("FileId") or "")
        if file_id and file_id not in self.half:
            raise OpError(10, "FileId", "文件不存在")
        file_id = file_id or f"file{self.fresh()}"
        whole = self.half.pop(file_id, b"") + content
        if not truth(said.get("IsLast", True)):
            self.half[file_id] = whole
            return file_id
        row = {"FID": self.fresh(), "FBillType": form, "FInterID": owner}
        self.files.append({**row, "FAttachmentName": said.get("FileName"), "content": whole})
        return file_id

    # ── reading ───────────────────────────────────────────────────────────────────────────

    def rows(self, form: str) -> Iterator[dict[str, object]]:
        """A form's rows as queries see them: of a bill one per entry. Raises OpError."""
        if form == BILL:
            for bill in self.bills.values():
                for entry in bill.entries:
                    yield _flat(bill, entry)
        elif form in OWN_FORMS:
            empty = {OWN_KEY: ""}
            yield from ({**empty, **row} for row in self.own.get(form, {}).values())
        elif form == FILES:
            yield from self.files
        else:
            raise OpError(5, "FormId", f"unknown form {form}")


def truth(value: object) -> bool:
    """A truth value; 星空's clients write them as texts as well."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _listed(model: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = model.get(ENTRIES, [])
    if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
        raise OpError(8, ENTRIES, "a list of entries was expected")
    return found


def _known(fields: Mapping[str, object], allowed: frozenset[str]) -> None:
    strange = sorted(fields.keys() - allowed)
    if strange:
        raise OpError(9, strange[0], f"字段 {strange[0]} 不存在")


def _untouched(bill: Bill) -> bool:
    return all(it.submitted == "A" for it in bill.entries)


def _synchronise(bill: Bill) -> None:
    """同步银行状态, as the customer's plug-in does it: what was told becomes the entry's status.

    What came back (退票) is opened again: its user may correct it and submit it anew.
    """
    for entry in bill.entries:
        found = _STATUS.fullmatch(str(entry.fields.get("F_GW_BankStatus", "")))
        if found is not None:
            entry.submitted, entry.bank = found[1], found[2]
        if entry.fields.get("F_GW_State") == "RETURNED":
            entry.submitted, entry.bank = "A", "A"


def _flat(bill: Bill, entry: Entry) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys((*_ENTRY_FIELDS, *_OWN_ENTRY_FIELDS), "")
    for name, value in (*bill.fields.items(), *entry.fields.items()):
        if isinstance(value, Mapping):
            row[f"{name}.FNumber"] = value.get("FNumber", value.get("FNUMBER", ""))
        else:
            row[name] = value
    amount = entry.fields.get("FREALPAYAMOUNTFOR", entry.fields.get("FPAYTOTALAMOUNTFOR", 0))
    return row | {
        "FID": str(bill.id),
        f"{ENTRIES}_{ENTRY_ID}": entry.id,
        "FREALPAYAMOUNTFOR_D": Decimal(str(amount)).quantize(_AMOUNT),
        "FDOCUMENTSTATUS": bill.status,
        "FSubmitStatus": entry.submitted,
        "FBankStatus": entry.bank,
    }


def page(
    rows: Sequence[Mapping[str, object]], keys: Sequence[str], start: int, most: int
) -> list[list[object]]:
    """The asked columns of some rows. Raises OpError for a column that is not there."""
    for row in rows[:1]:
        strange = [it for it in keys if it not in row]
        if strange:
            raise OpError(9, strange[0], f"字段 {strange[0]} 不存在")
    return [[row[it] for it in keys] for row in rows[start : start + most]]

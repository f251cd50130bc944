"""The directory of bank offices (行名行号) as a file: lines in, offices or faults out.

Rule kept here: a line that cannot be read is told and left out; two lines that contradict each
other make the whole file worthless, and it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from gateway.controls.reference.faults import fault, refused
from gateway.controls.reference.sheet import Readable, Row, rows
from gateway.domain.bank_office import BankOffice, OfficeStatus, check_digit
from gateway.domain.errors import Fault
from gateway.domain.names import core, folded

NUMBER_DIGITS: Final = 12
NAME_MAX: Final = 120
CITY_MAX: Final = 40
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": (
        "行号",
        "联行号",
        "支付行号",
        "银行行号",
        "支付系统行号",
        "参与者行号",
        "cnaps",
        "cnaps code",
        "bank number",
    ),
    "name": (
        "行名",
        "银行名称",
        "开户行名称",
        "机构名称",
        "网点名称",
        "参与者全称",
        "bank name",
        "office name",
    ),
    "clearing_number": (
        "清算行行号",
        "清算行号",
        "直接参与者行号",
        "所属直接参与者行号",
        "clearing bank",
    ),
    "bank_code": ("行别代码", "bank code", "category"),
    "area_code": ("地区代码", "area code"),
    "city": ("城市", "所在城市", "城市名称", "地区"),
    "status": ("状态",),
    "valid_from": ("生效日期", "effective date", "from"),
}
_STATUS: Final = {
    "": OfficeStatus.ACTIVE,
    **dict.fromkeys(("1", "active", "有效", "正常", "生效", "启用"), OfficeStatus.ACTIVE),
    **dict.fromkeys(("0", "closed", "无效", "注销", "停用", "撤销"), OfficeStatus.CLOSED),
}
_HASH_BITS: Final = 40
_LINE_BITS: Final = 24


def read_offices(source: Readable, *, check_digits: bool = True) -> Iterator[BankOffice | Fault]:
    """The offices of a file, one by one as it is read, and a fault for every line left out.

    Layouts: a header line, then cells parted by ``|``, comma or tab; UTF-8 or GBK. A line that
    repeats an earlier one is passed over. ``check_digits`` False takes numbers whose last digit
    does not agree. Raises Refused, possibly after offices were given out (so read inside one
    transaction): for a header without number and name, for two lines of one number with other
    content, for a file without an office.
    """
    seen: dict[int, int] = {}
    for row in rows(source, COLUMNS, ("number", "name")):
        office = row if isinstance(row, Fault) else _office(row, check_digits=check_digits)
        if isinstance(office, Fault):
            yield office
            continue
        assert isinstance(row, Row)
        number, told = int(office.number), hash(office) & ((1 << _HASH_BITS) - 1)
        earlier = seen.get(number)
        if earlier is None:
            seen[number] = told << _LINE_BITS | row.line & ((1 << _LINE_BITS) - 1)
            yield office
        elif earlier >> _LINE_BITS != told:
            line = str(earlier & ((1 << _LINE_BITS) - 1))
            raise refused(row.fault("contradiction", "number", line))
    if not seen:
        raise refused(fault("empty", ""))


def _office(row: Row, *, check_digits: bool) -> BankOffice | Fault:
    texts = {
        "name": row.text("name", longest=NAME_MAX),
        "city": row.text("city", longest=CITY_MAX),
    }
    numbers = {
        field: _number(row, field, check_digits=check_digits)
        for field in ("number", "clearing_number")
    }
    since = row.day("valid_from")
    status = _STATUS.get(folded(row.cells.get("status", "")))
    for one in (*numbers.values(), *texts.values(), since):
        if isinstance(one, Fault):
            return one
    for field in ("number", "name"):
        if not row.cells[field]:
            return row.fault("required", field)
    if status is None:
        return row.fault("word", "status", ", ".join(word for word in _STATUS if word))
    for field, part in (("bank_code", slice(0, 3)), ("area_code", slice(3, 7))):
        if row.cells.get(field) and row.cells[field] != row.cells["number"][part]:
            return row.fault("disagrees", field)
    return BankOffice(
        number=str(numbers["number"]),
        name=str(texts["name"]),
        clearing_number=str(numbers["clearing_number"]),
        city=str(texts["city"]),
        status=status,
        valid_from=since if isinstance(since, date) else None,
    )


def _number(row: Row, field: str, *, check_digits: bool) -> str | Fault:
    number = row.cells.get(field, "")
    if not number:
        return ""
    if len(number) != NUMBER_DIGITS or not (number.isascii() and number.isdigit()):
        return row.fault("digits", field, str(NUMBER_DIGITS))
    if check_digits and check_digit(number[:-1]) != number[-1]:
        return row.fault("check_digit", field)
    return number


# ── as a row of a table ─────────────────────────────────────────────────────────────────────


def office_row(office: BankOffice) -> dict[str, str | None]:
    """The office as a row: ``core`` is its name for look-ups, ``bank_code`` its first digits."""
    return {
        "number": office.number,
        "bank_code": office.bank_code,
        "name": office.name,
        "core": core(office.name),
        "clearing_number": office.clearing_number,
        "city": office.city,
        "status": office.status.value,
        "valid_from": office.valid_from.isoformat() if office.valid_from else None,
    }


def office_of(row: Mapping[str, str | None]) -> BankOffice:
    """The office of such a row. Raises KeyError or ValueError for a row that is none."""
    since = row["valid_from"]
    return BankOffice(
        number=row["number"] or "",
        name=row["name"] or "",
        clearing_number=row["clearing_number"] or "",
        city=row["city"] or "",
        status=OfficeStatus(row["status"] or ""),
        valid_from=date.fromisoformat(since) if since else None,
    )

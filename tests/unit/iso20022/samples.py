"""Files, lines and schemas that the tests of this adapter share."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from pathlib import Path

from lxml import etree

from adapters.erp.iso20022.compose import Debtor, Line, Style, compose
from gateway.domain.money import CNY, Money
from gateway.ports.erp import Draft, FileEnd, FileHead, LineStatus, StatusReport

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "iso20022"
NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
DEBTOR = Debtor(name="示例制造股份有限公司", account="117010100100000001", customer_id="CIB0001")


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def line(number: int = 1, **other: object) -> Line:
    values: dict[str, object] = {
        "end_to_end_id": f"E-{number}",
        "instruction_id": f"I-{number}",
        "amount": Money(100_00 + number, CNY),
        "creditor_name": "上海测试贸易有限公司",
        "creditor_account": "6222000012345678",
        "creditor_agent_name": "中国工商银行上海某支行",
        "creditor_agent_cnaps": "102290002916",
        "creditor_city": "上海",
        "execution_date": date(2026, 9, 16),
        "purpose": "货款",
    }
    return Line(**(values | other))


def file(*lines: Line, version: str = "pain.001.001.03", style: Style = Style.SAP_CN) -> bytes:
    return compose(version, "M-1", datetime(2026, 9, 15, 10), DEBTOR, lines, style=style)  # noqa: DTZ001


def parted(parts: list[object]) -> tuple[FileHead, list[Draft], FileEnd]:
    head, *drafts, end = parts
    assert isinstance(head, FileHead)
    assert isinstance(end, FileEnd)
    assert all(isinstance(draft, Draft) for draft in drafts)
    return head, drafts, end


def status_line(state: str, number: int = 1, block: str = "P-1", **other: object) -> LineStatus:
    values: dict[str, object] = {
        "state": state,
        "source": {
            "message_id": "M-1",
            "payment_info_id": block,
            "instruction_id": f"I-{number}",
            "end_to_end_id": f"E-{number}",
            "debtor_account": "117010100100000001",
        },
        "amount": "12.30",
        "currency": "CNY",
    }
    return LineStatus(**(values | other))


def status_of(*lines: LineStatus, original: str = "pain.001.001.03") -> StatusReport:
    return StatusReport(
        report_id="R-1",
        created=NOW,
        original_format=original,
        original_message_id="M-1",
        line_count=len(lines),
        lines=lambda: iter(lines),
    )


@cache
def schema(package: str, path: str) -> etree.XMLSchema:
    """A schema of an installed test package."""
    found = resources.files(package).joinpath(*path.split("/"))
    return etree.XMLSchema(etree.fromstring(found.read_bytes()))


def assert_valid(document: bytes, package: str, path: str) -> None:
    found = schema(package, path)
    assert found.validate(etree.fromstring(document)), found.error_log

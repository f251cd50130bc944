"""The demonstration's ERPs that send files: over SFTP, and in folders."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.cli.demo_erp_party import OTHER, Codes, Hall, agent_of
from gateway.cli.demo_erp_settings import PAYER
from gateway.cli.demo_files import Wish, pain001
from gateway.wire.node import Node
from gateway.wire.write import document, element, leaf
from gateway.wire.xml import Profile, parse


def sap_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """F110 writes pain.001 as SAP in China does."""
    return _pain_in(hall, wishes, "erps/sap", "pain.001.001.03", ("SAPDEMO1", "sap-cn"))


def tryton_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """Tryton writes pain.001.001.09."""
    name = "0" * 31 + "1"
    return _pain_in(hall, wishes, "tryton", "pain.001.001.09", (name, "tryton"))


def _pain_in(
    hall: Hall, wishes: Sequence[Wish], folder: str, version: str, named: tuple[str, str]
) -> Sequence[str]:
    message, style = named
    created = hall.now().replace(microsecond=0)
    content = pain001(version, message, created, wishes, style=style, payer=PAYER)
    drop(hall.folder / folder, f"{message}.xml", content)
    group = parse(content, Profile.FILE).one("CstmrCdtTrfInitn")
    blocks = [it.one("PmtInfId").text() for it in group.each("PmtInf")]
    return [f"{message}/{blocks[0]}/{it.reference}" for it in wishes]


def oracle_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """Oracle Payments writes its own extract."""
    number = "300100"
    payments = [
        element(
            "OutboundPayment",
            element("PaymentNumber", leaf("PaymentReferenceNumber", it.reference)),
            leaf("PaymentDate", f"{hall.now():%Y-%m-%d}"),
            element(
                "PaymentAmount",
                leaf("Value", it.amount.text()),
                element("Currency", leaf("Code", "CNY")),
            ),
            element("BankAccount", leaf("BankAccountNumber", it.debtor)),
            element("Payee", leaf("Name", it.name)),
            element(
                "PayeeBankAccount",
                leaf("BranchName", agent_of(it)[0]),
                *([leaf("BranchNumber", agent_of(it)[1])] if agent_of(it)[1] else []),
                leaf("BankAccountName", it.name),
                leaf("BankAccountNumber", it.account),
                element("BankAddress", *([leaf("City", OTHER[2])] if not it.own_bank else [])),
            ),
            element(
                "DocumentPayable", element("DocumentNumber", leaf("ReferenceNumber", it.purpose))
            ),
        )
        for it in wishes
    ]
    root = element(
        "OutboundPaymentInstruction",
        element(
            "PaymentInstructionInfo",
            leaf("InstructionReferenceNumber", number),
            leaf("InstructionCreationDate", f"{hall.now():%Y-%m-%dT%H:%M:%S}"),
        ),
        element("InstructionTotals", leaf("PaymentCount", str(len(wishes)))),
        *payments,
    )
    drop(hall.folder / "erps/oracle", "iby.xml", document(root, encoding="UTF-8"))
    return [f"{number}/{it.reference}" for it in wishes]


def statuses_in(folder: str) -> Callable[[Hall], Codes]:
    """What stands in the pain.002 files below a folder's ``out``, by reference."""

    def told(hall: Hall) -> Codes:
        found: Codes = {}
        for path in written(hall.folder / folder):
            report = parse(path.read_bytes(), Profile.FILE).one("CstmrPmtStsRpt")
            message = report.one("OrgnlGrpInfAndSts").one("OrgnlMsgId").text()
            for block in report.each("OrgnlPmtInfAndSts"):
                middle = block.one("OrgnlPmtInfId").text()
                for line in block.each("TxInfAndSts"):
                    own = line.one("OrgnlEndToEndId").text()
                    status = line.one("TxSts").text()
                    for name in (f"{message}/{middle}/{own}", f"{message}/{own}"):
                        found.setdefault(name, []).append(status)
        return found

    return told


def tryton_told(hall: Hall) -> Codes:
    """camt.054 entries: failed where one has a reason, else succeeded."""
    found: Codes = {}
    for path in written(hall.folder / "tryton"):
        root = parse(path.read_bytes(), Profile.FILE)
        for notice in root.one("BkToCstmrDbtCdtNtfctn").each("Ntfctn"):
            for entry in notice.each("Ntry"):
                _entry_told(entry, found)
    return found


def _entry_told(entry: Node, found: Codes) -> None:
    for detail in entry.one("NtryDtls").each("TxDtls"):
        code = "failed" if any(True for _ in detail.each("RtrInf")) else "succeeded"
        found.setdefault(detail.one("Refs").one("EndToEndId").text(), []).append(code)


def sheet_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """Somebody saves a sheet as CSV, in GBK as spreadsheets in China do."""
    text = io.StringIO()
    sheet = csv.writer(text)
    header = "业务参考号 付款账号 收款户名 收款账号 收款开户行 联行号 收款城市 金额 币种 用途"
    sheet.writerow(header.split())
    for it in wishes:
        texts = (it.reference, it.debtor, it.name, it.account, *agent_of(it), it.amount.text())
        sheet.writerow((*texts, "CNY", it.purpose))
    drop(hall.folder / "sheets", "payments.csv", text.getvalue().encode("gb18030"))
    return [it.reference for it in wishes]


def sheet_told(hall: Hall) -> Codes:
    """Rows of the sheets that came back."""
    found: Codes = {}
    for path in written(hall.folder / "sheets"):
        for row in csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))):
            found.setdefault(row["业务参考号"], []).append(row["状态"])
    return found


def drop(folder: Path, name: str, content: bytes) -> None:
    """Put a whole file into a folder's ``in``: under another name first, as senders should."""
    place = folder / "in"
    place.mkdir(parents=True, exist_ok=True)
    unfinished = place / f"{name}.tmp"
    unfinished.write_bytes(content)
    unfinished.rename(place / name)


def written(folder: Path) -> list[Path]:
    """Files that came back, oldest first."""
    found = [it for it in (folder / "out").glob("status-*") if not it.name.endswith(".tmp")]
    return sorted(found, key=lambda it: (it.stat().st_mtime_ns, it.name))

"""Small camt documents, composed here, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart
from gateway.formats.read.camt import FORMAT
from gateway.ports.statement_formats import Part, Reading

SPACE = "urn:iso:std:iso:20022:tech:xsd:"
ACCT = "<Acct><Id><IBAN>DE43764913050008820416</IBAN></Id><Ccy>EUR</Ccy></Acct>"
CONTAINERS = {"052": "BkToCstmrAcctRpt", "053": "BkToCstmrStmt", "054": "BkToCstmrDbtCdtNtfctn"}
STATEMENTS = {"052": "Rpt", "053": "Stmt", "054": "Ntfctn"}


def bal(code: str, amount: str, day: str = "2026-03-02", *, way: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>{way}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def ntry(
    inside: str = "",
    *,
    amount: str = "10.00",
    way: str = "CRDT",
    status: str = "<Cd>BOOK</Cd>",
    before: str = "",
) -> str:
    return (
        f"<Ntry>{before}<Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>"
        f"<Sts>{status}</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>"
        f"<ValDt><Dt>2026-03-03</Dt></ValDt>{inside}</Ntry>"
    )


def details(*parts: str) -> str:
    return "<NtryDtls>" + "".join(f"<TxDtls>{it}</TxDtls>" for it in parts) + "</NtryDtls>"


def stmt(*inside: str, name: str = "Stmt", number: str = "S-1") -> str:
    return f"<{name}><Id>{number}</Id>{''.join(inside)}</{name}>"


def document(*statements: str, version: str = "camt.053.001.08", header: str = "") -> bytes:
    container = CONTAINERS[version[5:8]]
    return (
        (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{SPACE}{version}">'
            f"<{container}><GrpHdr><MsgId>M</MsgId>{header}</GrpHdr>{''.join(statements)}"
            f"</{container}></Document>"
        )
        .replace("'", '"')
        .encode()
    )


def parts(data: bytes | Iterable[bytes], reading: Reading | None = None) -> list[Part]:
    chunks = [data] if isinstance(data, bytes) else data
    return list(FORMAT.read(chunks, reading or Reading()))


def starts(data: bytes) -> list[StatementStart]:
    return [it for it in parts(data) if isinstance(it, StatementStart)]


def entries(data: bytes) -> list[EntryRead]:
    return [it for it in parts(data) if isinstance(it, EntryRead)]


def ends(data: bytes) -> list[StatementEnd]:
    return [it for it in parts(data) if isinstance(it, StatementEnd)]


def only(*inside: str, version: str = "camt.053.001.08") -> tuple[EntryRead, StatementEnd]:
    """The one entry of a statement of one entry, and the statement's end."""
    data = document(stmt(ACCT, *inside, name=STATEMENTS[version[5:8]]), version=version)
    (entry,) = entries(data)
    (end,) = ends(data)
    return entry, end


def codes(end: StatementEnd) -> list[str]:
    return [it.code for it in end.findings]

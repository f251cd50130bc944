"""Where camt.052, camt.053 and camt.054 put things, from .01 to .14: tables of paths.

Rule kept here: elements are matched by local name and path, whatever the version calls its
parents; what differs between versions is a list of places, the first that has a text counts.
"""

from __future__ import annotations

from typing import Final

DETAILS: Final = frozenset({"NtryDtls/TxDtls", "TxDtls"})
"""Where the parts of an entry stand; without NtryDtls in V01."""
CHARGES: Final = frozenset({"Chrgs", "Chrgs/Rcrd"})
REPEATED: Final = frozenset(
    {
        "NtryDtls",
        "Btch",
        "NtryDtls/Btch",
        "RmtInf/Ustrd",
        "RmtInf/Strd",
        "RmtInf/Strd/AddtlRmtInf",
        "RmtInf/Strd/RfrdDocInf",
        "RtrInf/AddtlInf",
        "Refs/Prtry",
    }
)
"""What may come several times; anything else that is wanted is told if it does."""


def _party(role: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Where name, account and bank of ``Dbtr`` or ``Cdtr`` may stand."""
    party, ultimate = f"RltdPties/{role}", f"RltdPties/Ultmt{role}"
    account, agent = f"{party}Acct", f"RltdAgts/{role}Agt/FinInstnId"
    return (
        (
            f"{party}/Nm",
            f"{party}/Pty/Nm",
            f"{party}/Agt/FinInstnId/Nm",
            f"{ultimate}/Nm",
            f"{ultimate}/Pty/Nm",
            f"{account}/Nm",
            f"{party}/Agt/FinInstnId/BICFI",
        ),
        (
            f"{account}/Id/IBAN",
            f"{account}/Id/Othr/Id",
            f"{account}/Id/BBAN",
            f"{account}/Id/UPIC",
            f"{account}/Id/PrtryAcct/Id",
            f"{account}/Prxy/Id",
        ),
        tuple(f"{agent}/{tail}" for tail in AGENT),
    )


AGENT: Final = (
    "BICFI",
    "BIC",
    "CmbndId/BIC",
    "ClrSysMmbId/MmbId",
    "ClrSysMmbId/Id",
    "CmbndId/ClrSysMmbId/Id",
    "Nm",
    "CmbndId/Nm",
    "NmAndAdr/Nm",
    "Othr/Id",
    "PrtryId/Id",
)
"""Where a bank's identification may stand below ``FinInstnId``, from .01 to .14."""
ENTRY: Final = (
    ("Amt",),
    ("CdtDbtInd",),
    ("Sts", "Sts/Cd", "Sts/Prtry"),
    ("BookgDt/Dt", "BookgDt/DtTm", "BookgDt"),
    ("ValDt/Dt", "ValDt/DtTm", "ValDt"),
    ("AcctSvcrRef",),
    ("NtryRef",),
    ("RvslInd",),
    ("BkTxCd/Domn/Cd",),
    ("BkTxCd/Domn/Fmly/Cd",),
    ("BkTxCd/Domn/Fmly/SubFmlyCd",),
    ("BkTxCd/Prtry/Cd",),
    ("AddtlNtryInf",),
    ("BookgDt/DtTm",),
)
"""Values of an entry, in the order in which they are picked."""
_DEBTOR: Final = _party("Dbtr")
_CREDITOR: Final = _party("Cdtr")
PART: Final = (
    ("CdtDbtInd",),
    ("Refs/EndToEndId",),
    ("Refs/InstrId",),
    ("Refs/MndtId",),
    ("Refs/AcctSvcrRef", "Refs/AcctSvcrTxId"),
    ("Refs/UETR",),
    *_DEBTOR,
    *_CREDITOR,
    ("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef"),
    (
        "RtrInf/Rsn/Cd",
        "RtrInf/Rsn/Prtry",
        "RtrInf/RtrRsn/Cd",
        "RtrInf/RtrRsn/Prtry",
        "RtrInf/AddtlInf",
    ),
    ("AddtlTxInf",),
    ("BkTxCd/Domn/Cd",),
    ("BkTxCd/Domn/Fmly/Cd",),
    ("BkTxCd/Domn/Fmly/SubFmlyCd",),
    ("BkTxCd/Prtry/Cd",),
    ("RltdDts/TxDtTm",),
)
"""Values of a part, in the order in which they are picked."""
AMOUNTS: Final = (
    "Amt",
    "AmtDtls/TxAmt/Amt",
    "AmtDtls/CntrValAmt/Amt",
    "AmtDtls/InstdAmt/Amt",
)
ORIGINALS: Final = (
    "AmtDtls/InstdAmt/Amt",
    "AmtDtls/TxAmt/Amt",
    "AmtDtls/CntrValAmt/Amt",
    "Amt",
)
WORDS: Final = (
    "RmtInf/Ustrd",
    "RmtInf/Strd/CdtrRefInf/Ref",
    "RmtInf/Strd/CdtrRefInf/CdtrRef",
    "RmtInf/Strd/AddtlRmtInf",
    "RmtInf/Strd/RfrdDocInf/Nb",
    "RmtInf/Strd/RfrdDocInf/RfrdDocNb",
)
"""What remittance is taken from; the first that has any text counts."""


MORE_ENTRY: Final = {
    "Btch/MsgId": "Btch/MsgId",
    "Btch/PmtInfId": "Btch/PmtInfId",
    "NtryDtls/Btch/MsgId": "Btch/MsgId",
    "NtryDtls/Btch/PmtInfId": "Btch/PmtInfId",
    "AddtlNtryInf": "AddtlNtryInf",
}
MORE_PART: Final = {
    "Refs/MsgId": "MsgId",
    "Refs/PmtInfId": "PmtInfId",
    "Refs/TxId": "TxId",
    "Refs/ClrSysRef": "ClrSysRef",
    "Refs/ChqNb": "ChqNb",
    "RltdPties/UltmtDbtr/Nm": "UltmtDbtr",
    "RltdPties/UltmtDbtr/Pty/Nm": "UltmtDbtr",
    "RltdPties/UltmtCdtr/Nm": "UltmtCdtr",
    "RltdPties/UltmtCdtr/Pty/Nm": "UltmtCdtr",
    "Purp/Cd": "Purp",
    "Purp/Prtry": "Purp",
    "RmtInf/Strd/CdtrRefInf/Ref": "CdtrRefInf",
    "RmtInf/Strd/AddtlRmtInf": "AddtlRmtInf",
    "RmtInf/Strd/RfrdDocInf/Nb": "RfrdDocInf",
    "RtrInf/AddtlInf": "RtrInf",
    "AddtlTxInf": "AddtlTxInf",
}
"""What is told of an entry in the bank's own words; of a part only where it is the only one."""
OWN_REFERENCE: Final = "Refs/Prtry/"
WANTED: Final = frozenset(
    "/".join(path.split("/")[:depth])
    for path in (*(path for paths in (*ENTRY, *PART) for path in paths), *AMOUNTS)
    for depth in range(1, path.count("/") + 2)
)
"""Paths of everything that is read, and of what it stands in."""

"""Pure table. The ERPs of the demonstration, and the codes by which each understands us."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.cli import demo_erp_files as files
from gateway.cli import demo_erp_parties as parties
from gateway.cli.demo_erp_party import Codes, Hall, Party
from gateway.cli.demo_files import Wish

_Ways = tuple[Callable[[Hall, Sequence[Wish]], Sequence[str]], Callable[[Hall], Codes]]
_PAIN: Final = ("ACSC", "RJCT", "ACCP ACSP PDNG RCVD ACTC")
_BYTE_OPEN: Final = (
    "ACCEPTED HELD APPROVED SCHEDULED QUEUED SENDING BANK_TAKEN BANK_AUDIT PROCESSING UNKNOWN"
)
_OPEN: Final = "QUEUED SENDING ACKNOWLEDGED HELD SCHEDULED BANK_APPROVAL PROCESSING UNCONFIRMED"
_CAST: Final[tuple[tuple[str, str, str, tuple[str, str, str], _Ways], ...]] = (
    ("yonbip", "用友 YonBIP", "K2 API", ("3", "4", "2"), (parties.yonbip_in, parties.yonbip_told)),
    ("nc", "用友 NC", "K3 XML", ("0", "1", "2 3"), (parties.nc_in, parties.nc_told)),
    (
        *("k3cloud", "金蝶 星空", "K2 API"),
        ("B/C", "B/D", "B/A B/B B/E"),
        (parties.k3_in, parties.k3_told),
    ),
    ("sap", "SAP", "K4 SFTP", _PAIN, (files.sap_in, files.statuses_in("erps/sap"))),
    ("oracle", "Oracle", "K4 SFTP", _PAIN, (files.oracle_in, files.statuses_in("erps/oracle"))),
    (
        *("byte", "拜特", "K5 表"),
        ("SUCCESS", "FAILED", _BYTE_OPEN),
        (parties.rows_in("byte"), parties.rows_told("byte")),
    ),
    (
        *("nstar", "九恒星", "K5 表"),
        ("30", "40", "10 11 12 13 14 20 21 22 23 29"),
        (parties.rows_in("nstar"), parties.rows_told("nstar")),
    ),
    (
        *("tryton-erp", "Tryton", "K4 目录"),
        ("succeeded", "failed", ""),
        (files.tryton_in, files.tryton_told),
    ),
    (
        *("sheets", "CSV", "K4 目录"),
        ("SETTLED", "REJECTED", _OPEN),
        (files.sheet_in, files.sheet_told),
    ),
    (
        *("rest-erp", "REST", "K1 API"),
        ("SETTLED", "REJECTED", _OPEN),
        (parties.rest_in, parties.rest_told),
    ),
)


def cast() -> list[Party]:
    """Everybody who plays."""
    return [
        Party(
            system=system,
            title=title,
            way=way,
            paid=frozenset(paid.split()),
            refused=frozenset(refused.split()),
            open=frozenset(still.split()),
            hand_in=hand_in,
            told=told,
        )
        for system, title, way, (paid, refused, still), (hand_in, told) in _CAST
    ]

"""Settings of the demonstration's ERP systems: a tenant whose ERPs come by every way there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from gateway.cli.demo_files import ERP_ACCOUNT
from gateway.sandbox import seed as seeds
from gateway.sandbox.erps.box import K3_ACCOUNT, SECRET, YONBIP_KEY

DIALECTS: Final = ("yonyou", "kingdee", "sap", "oracle", "byte", "nstar", "file")
_GROUP: Final = seeds.shipped().groups[0]
_COMPANY: Final = next(
    company
    for company in _GROUP.companies
    if any(account.number == ERP_ACCOUNT for account in company.accounts)
)
PAYER: Final = _COMPANY.name
"""Whose ERPs these are."""
_HEAD: Final[Mapping[str, tuple[str, str]]] = {
    "yonbip": ("yonyou/yonbip", "api"),
    "nc": ("yonyou/nc", "xml"),
    "k3cloud": ("kingdee/k3cloud", "api"),
    "sap": ("sap", "sftp"),
    "oracle": ("oracle", "sftp"),
    "byte": ("byte", "tables"),
    "nstar": ("nstar", "tables"),
    "tryton-erp": ("iso20022/tryton", "folder"),
    "sheets": ("file", "folder"),
}


def tenant_text(
    bank: str, where: Mapping[str, str], key_secret: str, people: Sequence[str] = ()
) -> list[str]:
    """The tenant; ``where`` says where its ERPs are (``gateway erps``, /admin/where)."""
    operator = _GROUP.operators[0]
    addresses = [it for it in where.values() if it.startswith(("http:", "sftp:"))]
    ports = sorted({urlsplit(it).port or 0 for it in addresses})
    text = [
        "[[tenant]]",
        'id = "demo-erps"',
        f'name = "{PAYER}"',
        "[tenant.policy]",
        "default_local = false",
        'serial_prefix = "DE"',
        "[tenant.egress]",
        'networks = ["127.0.0.0/8"]',
        f"ports = {ports}",
        "plain_http = true",
        "[[tenant.connection]]",
        'id = "cib-erps"',
        'bank = "cib"',
        f'url = "{bank}/cib"',
        f'customer = "{_GROUP.customer}"',
        f'operator = "{operator.user}"',
        f'password = "{operator.password}"',
        "timeout_s = 5",
        "[[tenant.company]]",
        'id = "logistics"',
        f'name = "{PAYER}"',
        "[[tenant.company.account]]",
        f'number = "{ERP_ACCOUNT}"',
        f'city = "{_city()}"',
        'agent_name = "兴业银行"',
        'connection = "cib-erps"',
    ]
    for system in (*_HEAD, "rest-erp"):
        text += [
            "[[tenant.key]]",
            f'id = "demo-{system}"',
            'kind = "machine"',
            f'name = "demo-{system}"',
            f'secret = "{key_secret}"',
            f'erp = "{system}"',
        ]
    return [*text, *people, *_systems(where)]


def _city() -> str:
    return next(it.city for it in _COMPANY.accounts if it.number == ERP_ACCOUNT)


def _systems(where: Mapping[str, str]) -> Iterator[str]:
    addresses = {
        "yonbip": where["yonbip"],
        "nc": where["nc"],
        "k3cloud": where["k3cloud"],
        "sap": where["sap"],
        "oracle": where["oracle"],
        "byte": where["byte_database"],
        "nstar": where["nstar_database"],
        "tryton-erp": "tryton",
        "sheets": "sheets",
    }
    for system, (dialect, transport) in _HEAD.items():
        yield "[[tenant.erp]]"
        yield f'id = "{system}"'
        yield f'dialect = "{dialect}"'
        yield f'transport = "{transport}"'
        yield f'address = "{addresses[system]}"'
        yield "poll_s = 1"
        yield from _own(system, where)


def _own(system: str, where: Mapping[str, str]) -> Iterator[str]:
    """Options and secrets of one system."""
    options: dict[str, str] = {}
    secrets: dict[str, str] = {}
    match system:
        case "yonbip":
            options, secrets = {"app_key": YONBIP_KEY}, {"app_secret": SECRET}
        case "nc":
            options = {"account": "0001", "groupcode": "01", "receiver": "10101"}
        case "k3cloud":
            it = K3_ACCOUNT
            options = {"acct_id": it.acct_id, "user": it.user, "app_id": it.app_id}
            options["status_operation"] = "Synchronism"
            secrets = {"app_secret": SECRET}
        case "sap" | "oracle":
            options = {"settle_s": "0", "host_key": where["sftp_host_key"]}
            secrets = {"password": SECRET}
        case "tryton-erp" | "sheets":
            options = {"settle_s": "0"}
    if options:
        yield "[tenant.erp.options]"
        yield from (f'{name} = "{text}"' for name, text in options.items())
    if secrets:
        yield "[tenant.erp.secrets]"
        yield from (f'{name} = "{text}"' for name, text in secrets.items())

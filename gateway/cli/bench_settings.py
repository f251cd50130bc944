"""The settings of a gateway under measurement: one customer of the sandbox bank, nothing held."""

from __future__ import annotations

from typing import Final

CUSTOMER: Final = "9900000001"
DEBTOR: Final = "900010101000000011"
"""The well-filled account of the sandbox's seed."""
COMPANY: Final = "sample"
PEOPLE: Final = ("wang", "li", "chen")
"""Under controls: who puts the document in force."""
KEY: Final = "bench"
SECRET: Final = "bench-secret-of-this-run-only"  # noqa: S105 - invented, lives as long as the run


def text(*, bank: str, slots: int, database: str = "gateway.db", batching: bool = False) -> str:
    """A settings file for one customer of the sandbox bank, straight through, no rate limit.

    ``batching`` lets payments that wait together travel together.
    """
    return f"""\
[gateway]
data = "."
database = "{database}"
host = "127.0.0.1"
port = 0

[[tenant]]
id = "bench"
name = "示例集团"

[tenant.policy]
batching = {"true" if batching else "false"}

[[tenant.connection]]
id = "main"
bank = "cib"
url = "{bank}/cib"
customer = "{CUSTOMER}"
operator = "erpmaker"
password = "Demo-Pass-1"
slots = {slots}

[[tenant.company]]
id = "{COMPANY}"
name = "示例制造有限公司"

[[tenant.company.account]]
number = "{DEBTOR}"
connection = "main"
agent_name = "兴业银行"
city = "福州"

[[tenant.key]]
id = "{KEY}"
name = "bench"
erp = "bench"
secret = "{SECRET}"
"""

"""The one answer to a proof that failed.

Rule kept here: people outside read the same words whatever was wrong; only the operator's log
learns the flaw.
"""

from __future__ import annotations

from gateway.domain.errors import Refused


class NotProven(Refused):
    """Somebody did not prove who they are. ``flaw`` is a stable code for logs and metrics.

    The flaw never goes to the caller: it would tell which persons exist and which half of a
    proof was right.
    """

    code = "not_proven"
    zh = "身份验证未通过，请核对后重试"
    en = "the identity was not proven; check what you entered and try again"

    def __init__(self, flaw: str) -> None:
        super().__init__()
        self.flaw = flaw

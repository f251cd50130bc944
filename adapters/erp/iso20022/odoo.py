"""Odoo with the OCA banking modules: pain.001 out, pain.002.001.03, camt.053 and camt.054 in."""

from __future__ import annotations

import re
from typing import Final

_MESSAGE_ID: Final = re.compile(rb"<MsgId>PAY[0-9]{1,20}</MsgId>", re.ASCII)
_MESSAGE: Final = b"CstmrCdtTrfInitn"


def sniff(head: bytes) -> bool:
    """Whether the first bytes are Odoo's: a payment order is called PAY and its number."""
    return _MESSAGE in head and _MESSAGE_ID.search(head) is not None

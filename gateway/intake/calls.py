"""What one call that brings many instructions is known by, whatever way it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.intake.accept import Caller
from gateway.ports.erp import FileHead

_REFERENCE_DIGITS: Final = 32
"""So much of its digest names a file that does not name itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One bulk call: who, what it calls itself, the digest of its bytes, what to do with faults."""

    caller: Caller
    scope: str
    reference: str
    digest: str
    format: str
    all_or_nothing: bool = False
    key: str = ""


def file_call(
    caller: Caller, head: FileHead, digest: str, *, all_or_nothing: bool = False, key: str = ""
) -> Call:
    """The call that a file makes, whatever way it came.

    One that does not name itself is known by its digest: the same file is the same call.
    """
    return Call(
        caller=caller,
        scope=f"file:{caller.erp}",
        reference=head.message_id or digest[:_REFERENCE_DIGITS],
        digest=digest,
        format=head.format,
        all_or_nothing=all_or_nothing,
        key=key,
    )

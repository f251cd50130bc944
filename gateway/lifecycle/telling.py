"""Where whoever has something for an ERP puts it: into the outbox, in the same commit.

Rule kept here: what is told once under a subject and version is never told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.ports.erp_told import Told
from gateway.store.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One record for one ERP system.

    ``subject`` (at most 40 characters) is what it is about; records of one subject go out in the
    order of their ``version``, the next one only once the one before has been taken.
    """

    told: Told
    subject: str
    version: int = 1
    unless_waiting: bool = False
    """Left out while another of its subject still waits: what is told of now and again."""


class ErpOutbox(Protocol):
    """The outboxes of all ERP systems that are told anything at all."""

    def tell(self, uow: Uow, tenant: str, system: str, says: Sequence[Say]) -> int:
        """Put records into a system's outbox; returns how many were new.

        What the system is not told of (its settings, its language) is left out.
        """
        ...

    def withdraw(self, uow: Uow, tenant: str, system: str, subjects: Sequence[str]) -> int:
        """Tell no more what still waits under these subjects; returns how many records.

        A document that was refused and is then put right must not be called refused afterwards.
        """
        ...

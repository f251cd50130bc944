"""An ERP's own writing of our accounts (an IBAN it insists on) becomes our account number.

Rule kept here: it happens once, before anything is judged, whatever way a draft came in; so a
payment that is sent again by another way is the same payment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from gateway.intake.known import Caller
from gateway.ports.erp import Draft, FilePart


def in_our_numbers(caller: Caller, draft: Draft) -> Draft:
    """The draft with our accounts as we number them."""
    aliases = _aliases(caller)
    return _written(draft, aliases) if aliases else draft


def all_in_our_numbers(caller: Caller, parts: Iterator[FilePart]) -> Iterator[FilePart]:
    """The same for a whole file; nothing is looked at where the ERP has no such writing."""
    aliases = _aliases(caller)
    if not aliases:
        return parts
    return (_written(it, aliases) if isinstance(it, Draft) else it for it in parts)


def _aliases(caller: Caller) -> Mapping[str, str]:
    system = caller.tenant.erps.get(caller.erp)
    return system.aliases if system is not None else {}


def _written(draft: Draft, aliases: Mapping[str, str]) -> Draft:
    debtor, creditor = draft.debtor_account, draft.creditor_account
    if debtor not in aliases and creditor not in aliases:
        return draft
    return replace(
        draft,
        debtor_account=aliases.get(debtor, debtor),
        creditor_account=aliases.get(creditor, creditor),
    )

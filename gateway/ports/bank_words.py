"""What banks say about instructions, in words every bank has; a dialect picks code and text."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a bank answers as it does, in words every bank has. The dialect picks code and text."""

    OK = "ok"
    OPERATOR_UNKNOWN = "operator_unknown"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - a reason, not a password
    PASSWORD_LOCKED = "password_locked"  # noqa: S105 - a reason, not a password
    MALFORMED = "malformed"
    NOT_PERMITTED = "not_permitted"
    BUSINESS_NOT_OPEN = "business_not_open"
    DEBTOR_UNKNOWN = "debtor_unknown"
    DEBTOR_CLOSED = "debtor_closed"
    DEBTOR_FROZEN = "debtor_frozen"
    CREDITOR_UNKNOWN = "creditor_unknown"
    CREDITOR_MALFORMED = "creditor_malformed"
    NAME_MISMATCH = "name_mismatch"
    NOT_OWN_BANK = "not_own_bank"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    OVER_LIMIT = "over_limit"
    AMOUNT_INVALID = "amount_invalid"
    DATE_INVALID = "date_invalid"
    PURPOSE_ILLEGAL = "purpose_illegal"
    NO_SUCH_INSTRUCTION = "no_such_instruction"
    NO_ENTRIES = "no_entries"
    ACCOUNT_UNKNOWN = "account_unknown"
    RECEIPTS_ORDERED = "receipts_ordered"
    """The receipts of this account and day were ordered before."""
    NO_SUCH_ORDER = "no_such_order"
    TOO_EARLY = "too_early"
    """The result is not there yet: ask again later."""
    SYSTEM_FAILURE = "system_failure"


class BankState(StrEnum):
    """State of an instruction inside a bank, in words every bank has."""

    AUDITING = "auditing"
    AUDITED = "audited"
    BRANCH_REVIEW = "branch_review"
    SENT_BACK = "sent_back"
    PENDING = "pending"
    PROCESSING = "processing"
    PAID = "paid"
    PARTLY_PAID = "partly_paid"
    """Final, of a batch: some lines paid, the others failed."""
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

"""Names and codes of the tables proposed to 拜特. Pure table.

Rule kept here: an outcome that is open has a word of its own; no open outcome shares one with a
success or a failure, because the treasury system pays a failed order again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.instruction import State
from gateway.formats.shared_names import REFUSED, VALUES, SharedNames, columns_of

WORDS: Final[Mapping[str, str]] = {
    State.RECEIVED: "ACCEPTED",
    State.HELD: "HELD",
    State.APPROVED: "APPROVED",
    State.SCHEDULED: "SCHEDULED",
    State.QUEUED: "QUEUED",
    State.SENDING: "SENDING",
    State.ACKNOWLEDGED: "BANK_TAKEN",
    State.BANK_APPROVAL: "BANK_AUDIT",
    State.PROCESSING: "PROCESSING",
    State.UNCONFIRMED: "UNKNOWN",
    State.SETTLED: "SUCCESS",
    State.REJECTED: "FAILED",
    State.RETURNED: "REFUNDED",
    State.CANCELLED: "CANCELLED",
    State.EXPIRED: "EXPIRED",
    State.PAID_ELSEWHERE: "PAID_OFFLINE",
    REFUSED: "REFUSED",
}
"""gw_pay_result.status, at most 12 characters."""

NAMES: Final = SharedNames(
    title="byte",
    tables={
        "order": "gw_pay_order",
        "result": "gw_pay_result",
        "entry": "gw_bank_txn",
        "balance": "gw_balance",
        "receipt": "gw_receipt",
        "query": "gw_query",
        "answer": "gw_query_result",
    },
    columns={
        "order": columns_of(
            "order",
            [
                ("system", "src_system"),
                ("order", "src_order_no"),
                ("line", "src_line_no"),
                ("batch", "batch_no"),
                ("company", "company"),
                ("payer_account", "payer_acct"),
                ("payer_name", "payer_name"),
                ("payee_account", "payee_acct"),
                ("payee_name", "payee_name"),
                ("payee_bank", "payee_bank_name"),
                ("payee_cnaps", "payee_cnaps"),
                ("payee_city", "payee_city"),
                ("urgent", "urgent"),
                ("currency", "currency"),
                ("amount", "amount"),
                ("purpose", "purpose"),
                ("memo", "remark"),
                ("pay_day", "expect_date"),
                ("pay_type", "pay_type"),
                ("payroll_purpose", "payroll_purpose"),
                ("recon_code", "recon_code"),
                ("budget_item", "budget_item"),
                ("status", "src_status"),
                ("taken_at", "taken_at"),
            ],
        ),
        "result": columns_of(
            "result",
            [
                ("system", "src_system"),
                ("order", "src_order_no"),
                ("line", "src_line_no"),
                ("seq", "seq"),
                ("gateway_reference", "gw_ref"),
                ("status", "status"),
                ("bank_code", "bank_code"),
                ("bank_text", "bank_msg"),
                ("bank_serial", "bank_serial"),
                ("bank_time", "bank_time"),
                ("final", "is_final"),
                ("returned", "is_refund"),
                ("recon_code", "recon_code"),
                ("amount", "amount"),
                ("currency", "currency"),
                ("acknowledged_at", "ack_at"),
            ],
        ),
        "entry": columns_of(
            "entry",
            [
                ("key", "uniq_no"),
                ("account", "acct"),
                ("account_name", "acct_name"),
                ("day", "txn_date"),
                ("time", "txn_time"),
                ("value_day", "value_date"),
                ("side", "dc"),
                ("amount", "amount"),
                ("balance", "balance"),
                ("currency", "currency"),
                ("payee_account", "opp_acct"),
                ("payee_name", "opp_name"),
                ("payee_bank", "opp_bank"),
                ("text", "abstract"),
                ("bank_serial", "bank_serial"),
                ("order", "src_order_no"),
                ("line", "src_line_no"),
                ("recon_code", "recon_code"),
                ("end_to_end_id", "end_to_end_id"),
                ("receipt", "receipt_no"),
                ("returned", "is_refund"),
                ("seen_at", "written_at"),
            ],
        ),
        "balance": columns_of(
            "balance",
            [
                ("account", "acct"),
                ("account_name", "acct_name"),
                ("currency", "currency"),
                ("day", "bal_date"),
                ("ledger", "balance"),
                ("available", "available"),
                ("frozen", "frozen"),
                ("previous", "prev_day"),
                ("as_of", "as_of"),
            ],
        ),
        "receipt": columns_of(
            "receipt",
            [
                ("receipt", "receipt_no"),
                ("account", "acct"),
                ("day", "txn_date"),
                ("amount", "amount"),
                ("currency", "currency"),
                ("bank_serial", "bank_serial"),
                ("entry", "uniq_no"),
                ("order", "src_order_no"),
                ("line", "src_line_no"),
                ("file_name", "file_name"),
                ("file_sha256", "file_sha256"),
                ("content", "file_content"),
            ],
        ),
        "query": columns_of(
            "query",
            [
                ("system", "src_system"),
                ("query", "query_no"),
                ("kind", "kind"),
                ("account", "acct"),
                ("start", "start_date"),
                ("end", "end_date"),
                ("order", "src_order_no"),
                ("line", "src_line_no"),
                ("status", "src_status"),
                ("taken_at", "taken_at"),
            ],
        ),
        "answer": columns_of(
            "answer",
            [
                ("system", "src_system"),
                ("query", "query_no"),
                ("status", "status"),
                ("code", "code"),
                ("text", "msg"),
                ("answered_at", "answered_at"),
            ],
        ),
    },
    words=WORDS,
    flags=dict.fromkeys(WORDS, ""),
    values=VALUES,
)

CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "gw_pay_result.status": {state: WORDS[state] for state in State},
}
"""By table and column, what each state is called there."""

"""Names and codes of the tables proposed to 九恒星. Pure table.

Rule kept here: an outcome that is open has a word of its own; no open outcome shares one with a
success or a failure, because the treasury system pays a failed order again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.instruction import State
from gateway.formats.shared_names import REFUSED, VALUES, SharedNames, columns_of

WORDS: Final[Mapping[str, str]] = {
    State.RECEIVED: "10",
    State.HELD: "11",
    State.APPROVED: "12",
    State.SCHEDULED: "13",
    State.QUEUED: "14",
    State.SENDING: "20",
    State.ACKNOWLEDGED: "21",
    State.BANK_APPROVAL: "22",
    State.PROCESSING: "23",
    State.UNCONFIRMED: "29",
    State.SETTLED: "30",
    State.REJECTED: "40",
    State.RETURNED: "39",
    State.CANCELLED: "41",
    State.EXPIRED: "42",
    State.PAID_ELSEWHERE: "31",
    REFUSED: "49",
}
"""bp_pay_result.pay_state: 1x with us, 2x on the way or open, 3x paid, 4x not paid."""

FLAGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (State.RECEIVED, State.HELD, State.APPROVED, State.SCHEDULED, State.QUEUED), "0"
    ),
    # Once it may have left it counts as sent: what reads "not sent" is sent again.
    **dict.fromkeys(
        (
            *(State.SENDING, State.ACKNOWLEDGED, State.BANK_APPROVAL, State.PROCESSING),
            *(State.UNCONFIRMED, State.SETTLED, State.REJECTED, State.RETURNED),
            State.PAID_ELSEWHERE,
        ),
        "1",
    ),
    **dict.fromkeys((State.CANCELLED, State.EXPIRED, REFUSED), "2"),
}
"""bp_pay_result.send_flag: 0 not sent, 1 sent, 2 will not be sent. It tells no outcome."""

NAMES: Final = SharedNames(
    title="nstar",
    tables={
        "order": "bp_pay_order",
        "result": "bp_pay_result",
        "entry": "bp_acc_detail",
        "balance": "bp_acc_balance",
        "receipt": "bp_receipt",
        "match": "bp_match",
        "query": "bp_query",
        "answer": "bp_query_result",
    },
    columns={
        "order": columns_of(
            "order",
            [
                ("system", "sys_code"),
                ("order", "bill_no"),
                ("line", "bill_line"),
                ("batch", "batch_no"),
                ("company", "corp_code"),
                ("payer_account", "pay_acc_no"),
                ("payer_name", "pay_acc_name"),
                ("payee_account", "rcv_acc_no"),
                ("payee_name", "rcv_acc_name"),
                ("payee_bank", "rcv_bank_name"),
                ("payee_cnaps", "rcv_bank_cnaps"),
                ("payee_city", "rcv_city"),
                ("urgent", "urgent_flag"),
                ("currency", "cur_code"),
                ("amount", "amt"),
                ("purpose", "pay_use"),
                ("memo", "postscript"),
                ("pay_day", "expect_date"),
                ("pay_type", "pay_type"),
                ("payroll_purpose", "payroll_use"),
                ("recon_code", "recon_code"),
                ("budget_item", "budget_code"),
                ("status", "bill_state"),
                ("taken_at", "taken_time"),
            ],
        ),
        "result": columns_of(
            "result",
            [
                ("system", "sys_code"),
                ("order", "bill_no"),
                ("line", "bill_line"),
                ("seq", "seq"),
                ("gateway_reference", "gw_ref"),
                ("status", "pay_state"),
                ("send_flag", "send_flag"),
                ("bank_code", "bank_code"),
                ("bank_text", "bank_msg"),
                ("bank_serial", "bank_serial"),
                ("bank_time", "bank_time"),
                ("final", "final_flag"),
                ("returned", "refund_flag"),
                ("recon_code", "recon_code"),
                ("amount", "amt"),
                ("currency", "cur_code"),
                ("acknowledged_at", "ack_time"),
            ],
        ),
        "entry": columns_of(
            "entry",
            [
                ("key", "uniq_no"),
                ("account", "acc_no"),
                ("account_name", "acc_name"),
                ("day", "trans_date"),
                ("time", "trans_time"),
                ("value_day", "value_date"),
                ("side", "dc_flag"),
                ("amount", "amt"),
                ("balance", "bal"),
                ("currency", "cur_code"),
                ("payee_account", "opp_acc_no"),
                ("payee_name", "opp_acc_name"),
                ("payee_bank", "opp_bank_name"),
                ("text", "summary"),
                ("bank_serial", "bank_serial"),
                ("order", "bill_no"),
                ("line", "bill_line"),
                ("recon_code", "recon_code"),
                ("end_to_end_id", "end_to_end_id"),
                ("receipt", "receipt_no"),
                ("returned", "refund_flag"),
                ("seen_at", "write_time"),
            ],
        ),
        "balance": columns_of(
            "balance",
            [
                ("account", "acc_no"),
                ("account_name", "acc_name"),
                ("currency", "cur_code"),
                ("day", "bal_date"),
                ("ledger", "bal"),
                ("available", "avail_bal"),
                ("frozen", "frozen_bal"),
                ("previous", "last_bal"),
                ("as_of", "as_of_time"),
            ],
        ),
        "receipt": columns_of(
            "receipt",
            [
                ("receipt", "receipt_no"),
                ("account", "acc_no"),
                ("day", "trans_date"),
                ("amount", "amt"),
                ("currency", "cur_code"),
                ("bank_serial", "bank_serial"),
                ("entry", "uniq_no"),
                ("order", "bill_no"),
                ("line", "bill_line"),
                ("file_name", "file_name"),
                ("file_sha256", "file_sha256"),
                ("content", "file_content"),
            ],
        ),
        "match": columns_of(
            "match",
            [
                ("item", "item_no"),
                ("version", "seq"),
                ("account", "acc_no"),
                ("order", "bill_no"),
                ("line", "bill_line"),
                ("currency", "cur_code"),
                ("amount", "amt"),
                ("matched", "matched_amt"),
                ("state", "match_status"),
                ("match", "match_no"),
                ("kind", "match_kind"),
                ("rule", "match_rule"),
                ("by", "matched_by"),
                ("lines", "bank_lines"),
                ("bank_day", "bank_date"),
                ("bank_serial", "bank_serial"),
                ("bank_amount", "bank_amt"),
                ("written_at", "written_time"),
            ],
        ),
        "query": columns_of(
            "query",
            [
                ("system", "sys_code"),
                ("query", "query_no"),
                ("kind", "query_kind"),
                ("account", "acc_no"),
                ("start", "start_date"),
                ("end", "end_date"),
                ("order", "bill_no"),
                ("line", "bill_line"),
                ("status", "bill_state"),
                ("taken_at", "taken_time"),
            ],
        ),
        "answer": columns_of(
            "answer",
            [
                ("system", "sys_code"),
                ("query", "query_no"),
                ("status", "pay_state"),
                ("code", "ret_code"),
                ("text", "ret_msg"),
                ("answered_at", "answer_time"),
            ],
        ),
    },
    words=WORDS,
    flags=FLAGS,
    values=VALUES,
)

CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "bp_pay_result.pay_state": {state: WORDS[state] for state in State},
}
"""By table and column, what each state is called there."""

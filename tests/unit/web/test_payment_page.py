"""What people see of a payment that they decide about."""

from __future__ import annotations

from gateway.web.ui.pages_decide import _content

VIEW = {
    **dict.fromkeys(("state_zh", "state_en", "amount", "currency", "creditor_name", "reason"), "x"),
    **dict.fromkeys(("creditor_account", "debtor_account", "purpose", "budget_item"), "x"),
    **dict.fromkeys(("execution_date", "erp", "erp_reference", "digest"), "x"),
}


def test_the_documents_of_a_merged_payment_are_shown_and_escaped():
    merged = [
        {"erp_reference": "A-1", "amount": "80.00"},
        {"erp_reference": "<b>", "amount": "-10.50"},
    ]
    shown = str(_content({**VIEW, "merged": merged}))
    assert "A-1 80.00；&lt;b&gt; -10.50" in shown
    assert "合并来源单据" not in str(_content(VIEW))

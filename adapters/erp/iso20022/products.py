"""Products that speak the plain standard, and what must be installed in them."""

from __future__ import annotations

from typing import Final

from gateway.ports.erp import ErpTransport, Module, Product

FILES: Final = frozenset({ErpTransport.FOLDER, ErpTransport.SFTP, ErpTransport.REST})
OPTIONS: Final = frozenset({"status", "statement", "balance", "credit", "sender", "receiver"})
"""What an ERP system's settings may say of files; see ``options``."""
PRODUCTS: Final = (
    Product(
        code="iso20022",
        title_zh="其他能输出 pain.001 的系统",
        title_en="any other system that writes pain.001",
        dialect="iso20022",
        transports=FILES,
    ),
    Product(
        code="tryton",
        title_zh="Tryton",
        title_en="Tryton",
        dialect="iso20022/tryton",
        transports=FILES,
        oldest="7.0",
        modules=(
            Module(
                code="account_payment_sepa",
                title_zh="SEPA 付款（生成 pain.001，读取 camt.054）",
                title_en="SEPA payments (writes pain.001, reads camt.054)",
            ),
            Module(
                code="account_statement_sepa",
                title_zh="camt.053 对账单导入",
                title_en="import of camt.053 statements",
            ),
        ),
    ),
    Product(
        code="odoo",
        title_zh="Odoo（OCA 银行模块）",
        title_en="Odoo (OCA banking modules)",
        dialect="iso20022/odoo",
        transports=FILES,
        oldest="16.0",
        modules=(
            Module(
                code="account_banking_sepa_credit_transfer",
                title_zh="SEPA 转账（生成 pain.001）",
                title_en="SEPA credit transfers (writes pain.001)",
            ),
            Module(
                code="account_statement_import_camt",
                title_zh="camt 对账单导入",
                title_en="import of camt statements",
            ),
            Module(
                code="account_payment_return_import_iso20022",
                title_zh="pain.002、camt.054 退回导入",
                title_en="import of returns from pain.002 and camt.054",
            ),
        ),
    ),
)

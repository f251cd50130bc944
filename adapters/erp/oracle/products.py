"""Oracle's products and what must be set up in them."""

from __future__ import annotations

from typing import Final

from adapters.erp.iso20022.products import FILES
from gateway.ports.erp import Module, Product

_ACKNOWLEDGEMENT: Final = Module(
    code="IBY_ACK",
    title_zh="付款确认读取（pain.002，L0–L2）",
    title_en="reading of acknowledgements (pain.002, L0–L2)",
)
_RECONCILIATION: Final = Module(
    code="CE",
    title_zh="现金管理：银行对账单导入",
    title_en="Cash Management: import of bank statements",
)
PRODUCTS: Final = (
    Product(
        code="oracle-ebs",
        title_zh="Oracle E-Business Suite",
        title_en="Oracle E-Business Suite",
        dialect="oracle",
        transports=FILES,
        oldest="12.1",
        unsupported_below="12",
        reason_zh="R12 之前没有 Oracle Payments（IBY），不能输出付款指令 XML",
        reason_en="before R12 there is no Oracle Payments (IBY) and no XML of an instruction",
        modules=(
            Module(
                code="IBY",
                title_zh="Oracle Payments（付款格式与传输配置）",
                title_en="Oracle Payments (formats and transmission)",
            ),
            _RECONCILIATION,
        ),
    ),
    Product(
        code="oracle-fusion",
        title_zh="Oracle Fusion Cloud 财务",
        title_en="Oracle Fusion Cloud Financials",
        dialect="oracle",
        transports=FILES,
        modules=(
            Module(
                code="IBY",
                title_zh="付款（ISO 20022 CGI 格式或自定义模板）",
                title_en="Payments (an ISO 20022 CGI format or a template of one's own)",
            ),
            _ACKNOWLEDGEMENT,
            _RECONCILIATION,
        ),
    ),
)

"""SAP's products and what must be set up in them."""

from __future__ import annotations

from typing import Final

from adapters.erp.iso20022.products import FILES
from gateway.ports.erp import Module, Product

_PAYMENT: Final = Module(
    code="CGI_XML_CT",
    title_zh="付款介质格式 CGI_XML_CT（F110 / PMW）",
    title_en="payment medium format CGI_XML_CT (F110 / PMW)",
)
_STATEMENT: Final = Module(
    code="FEB_FILE_HANDLING",
    title_zh="电子银行对账单导入（camt.053 或 MT940）",
    title_en="import of electronic bank statements (camt.053 or MT940)",
)
_IDOC: Final = Module(
    code="PEXR2002",
    title_zh="付款 IDoc PEXR2002（PAYEXT）与 SYSTAT01",
    title_en="payment IDoc PEXR2002 (PAYEXT) and SYSTAT01",
)
PRODUCTS: Final = (
    Product(
        code="sap-s4hana",
        title_zh="SAP S/4HANA",
        title_en="SAP S/4HANA",
        dialect="sap",
        transports=FILES,
        oldest="1511",
        modules=(_PAYMENT, _STATEMENT),
    ),
    Product(
        code="sap-ecc",
        title_zh="SAP ERP（ECC）",
        title_en="SAP ERP (ECC)",
        dialect="sap",
        transports=FILES,
        oldest="6.0",
        unsupported_below="5.0",
        reason_zh="早于 ECC 5.0 的版本不能输出 pain.001，也不能导入 camt.053",
        reason_en="before ECC 5.0 there is no pain.001 and no import of camt.053",
        modules=(_PAYMENT, _STATEMENT),
    ),
    Product(
        code="sap-idoc",
        title_zh="SAP ERP（付款 IDoc）",
        title_en="SAP ERP (payment IDocs)",
        dialect="sap/pexr2002",
        transports=FILES,
        oldest="6.0",
        modules=(_IDOC, _STATEMENT),
    ),
)

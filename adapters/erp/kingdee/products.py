"""Which 金蝶 products are served, in which versions, with which modules. Pure table.

Versions without [V] in README.md are to be confirmed with the customer's consultant.
"""

from __future__ import annotations

from typing import Final

from gateway.ports.erp import ErpTransport, Module, Product

_BOTH: Final = frozenset({ErpTransport.REST, ErpTransport.API})
_PAYABLE: Final = Module(code="AP", title_zh="应付款管理", title_en="accounts payable")
_CASH: Final = Module(code="CN", title_zh="出纳管理", title_en="cash management")

K3CLOUD_PRODUCTS: Final = (
    Product(
        code="kingdee-k3cloud",
        title_zh="金蝶云星空",
        title_en="Kingdee K/3 Cloud",
        dialect="kingdee/k3cloud",
        transports=_BOTH,
        oldest="7.5",
        unsupported_below="7.0",
        modules=(_PAYABLE, _CASH),
        reason_zh="更早版本没有第三方系统登录授权与 WebAPI 签名",
        reason_en="older ones have no third-party log-in and no signed WebAPI",
    ),
)
COSMIC_PRODUCTS: Final = (
    Product(
        code="kingdee-cosmic",
        title_zh="金蝶云苍穹 / 星瀚",
        title_en="Kingdee Cosmic / Constellation",
        dialect="kingdee/cosmic",
        transports=_BOTH,
        oldest="5.0",
        unsupported_below="4.0",
        modules=(
            Module(code="bei", title_zh="银企互联", title_en="bank-enterprise interconnection"),
            Module(code="openapi", title_zh="开放平台", title_en="open platform"),
        ),
        reason_zh="更早版本没有 kapi v2",
        reason_en="older ones have no kapi v2",
    ),
    Product(
        code="kingdee-galaxy-flagship",
        title_zh="金蝶云星空旗舰版",
        title_en="Kingdee Galaxy Flagship",
        dialect="kingdee/cosmic",
        transports=_BOTH,
        modules=(
            Module(code="bei", title_zh="银企互联", title_en="bank-enterprise interconnection"),
        ),
    ),
)

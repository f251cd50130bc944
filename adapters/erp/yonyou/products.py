"""Yonyou's products as data: which versions are served, by which dialect, and what they need."""

from __future__ import annotations

from typing import Final

from gateway.ports.erp import ErpTransport, Module, Product

_TREASURY: Final = Module(code="ctm", title_zh="司库 / 资金（ctm）", title_en="treasury (ctm)")
_SETTLEMENT: Final = Module(code="stwb", title_zh="结算工作台", title_en="settlement workbench")
_OPENAPI: Final = Module(
    code="openapi",
    title_zh="开放平台自建应用（已授权所用接口）",
    title_en="a self-built application on the open platform, with the calls granted",
)
_EXCHANGE: Final = Module(code="xchange", title_zh="外部交换平台", title_en="exchange platform")
_NCC_OPENAPI: Final = Module(
    code="opm",
    title_zh="开放管理平台（已注册第三方应用并关联所用接口）",
    title_en="open management platform: a third-party application, with the calls granted",
)
_NCC_RESOURCES: Final = Module(
    code="opm-obm",
    title_zh="已发布的银企直联接口（支付指令、对账单、余额、回单），见 README",
    title_en="published calls for instructions, statements, balances and receipts: README",
)
_DIRECT: Final = Module(code="obm", title_zh="银企直联", title_en="bank-enterprise direct link")
_CASH: Final = Module(code="cmp", title_zh="现金管理", title_en="cash management")
_EAI: Final = Module(code="eai", title_zh="EAI 接口", title_en="EAI interface")

_OPEN: Final = frozenset({ErpTransport.API})
_ENVELOPE: Final = frozenset({ErpTransport.XML})

YONBIP_PRODUCTS: Final = (
    Product(
        code="yonbip",
        title_zh="用友 YonBIP 旗舰版",
        title_en="Yonyou YonBIP",
        dialect="yonyou/yonbip",
        transports=_OPEN,
        modules=(_TREASURY, _SETTLEMENT, _OPENAPI),
    ),
    Product(
        code="yonsuite",
        title_zh="用友 YonSuite",
        title_en="Yonyou YonSuite",
        dialect="yonyou/yonbip",
        transports=_OPEN,
        modules=(_TREASURY, _SETTLEMENT, _OPENAPI),
    ),
)
NC_PRODUCTS: Final = (
    Product(
        code="nc",
        title_zh="用友 NC",
        title_en="Yonyou NC",
        dialect="yonyou/nc",
        transports=_ENVELOPE,
        oldest="6.3",
        unsupported_below="5.0",
        modules=(_EXCHANGE, _CASH),
        reason_zh="5.0 之前没有外部交换平台，无法收发 ufinterface 报文",
        reason_en="before 5.0 there is no exchange platform that sends and takes ufinterface",
    ),
    Product(
        code="ncc",
        title_zh="用友 NC Cloud",
        title_en="Yonyou NC Cloud",
        dialect="yonyou/nc",
        transports=_ENVELOPE,
        modules=(_EXCHANGE, _CASH),
    ),
)
NCC_PRODUCTS: Final = (
    Product(
        code="ncc-openapi",
        title_zh="用友 NC Cloud（OpenAPI）",
        title_en="Yonyou NC Cloud (OpenAPI)",
        dialect="yonyou/ncc",
        transports=_OPEN,
        oldest="1909",
        modules=(_NCC_OPENAPI, _NCC_RESOURCES, _DIRECT),
    ),
)
U8_PRODUCTS: Final = (
    Product(
        code="u8",
        title_zh="用友 U8 / U8+",
        title_en="Yonyou U8 / U8+",
        dialect="yonyou/u8",
        transports=_ENVELOPE,
        oldest="10.1",
        unsupported_below="8.52",
        modules=(_EAI,),
        reason_zh="8.52 之前的版本没有 EAI 网络接口",
        reason_en="versions before 8.52 have no EAI over the network",
    ),
)

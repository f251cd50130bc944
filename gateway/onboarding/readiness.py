"""Whether a client's ERPs can be served as they are: ready, upgrade to what, or not at all.

Rule kept here: what is not said is not assumed. A version that nobody named is unclear, never
ready; every verdict has a reason in both languages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import Fault, Refused
from gateway.ports.erp import ErpTransport, Product

_PART: Final = re.compile(r"\d+|[a-z]+", re.ASCII)
_PREFIX: Final = re.compile(r"^\s*(?:v|r|version|release)[.\s]*(?=\d)", re.IGNORECASE | re.ASCII)
_MEMBERS: Final = frozenset({"product", "version", "modules", "transport", "name"})
_TEXT_MAX: Final = 80


class Ready(StrEnum):
    """The verdict on one ERP, and on all: the worst of them."""

    READY = "ready"
    UPGRADE = "upgrade"
    UNCLEAR = "unclear"
    UNSUPPORTED = "unsupported"


_ORDER: Final = (Ready.READY, Ready.UPGRADE, Ready.UNCLEAR, Ready.UNSUPPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientErp:
    """An ERP as the client describes it. ``transport`` '' where it is not chosen yet."""

    product: str
    version: str = ""
    modules: tuple[str, ...] = ()
    transport: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, and what to do, in two languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on one ERP. ``to`` is what to upgrade to, '' where nothing is."""

    erp: ClientErp
    verdict: Ready
    reasons: tuple[Reason, ...]
    dialect: str = ""
    to: str = ""
    transports: tuple[str, ...] = ()


def worst(found: Iterable[Judged]) -> Ready:
    """The verdict on all of them."""
    return max((it.verdict for it in found), key=_ORDER.index, default=Ready.UNCLEAR)


# ── the file ──────────────────────────────────────────────────────────────────────────────────


def read(text: str) -> tuple[ClientErp, ...]:
    """The client's ERPs out of a TOML file. Raises Refused with every fault and its place."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = str(error)[:_TEXT_MAX]
        raise Refused(f"the file is not valid TOML: {at}", f"文件不是合法的 TOML：{at}") from None
    faults: list[Fault] = []
    listed = document.get("erp")
    if not isinstance(listed, list) or not listed:
        faults.append(_fault("erp", "至少写一个 [[erp]]", "name at least one [[erp]]"))
        listed = []
    faults += [_stray(it) for it in sorted(document.keys() - {"erp", "client"})]
    found = tuple(_erp(it, f"erp[{place}]", faults) for place, it in enumerate(listed))
    if faults:
        raise Refused("the file has faults", "文件有误", faults)
    return found


def _erp(table: object, place: str, faults: list[Fault]) -> ClientErp:
    if not isinstance(table, Mapping):
        faults.append(_fault(place, "应为表", "must be a table"))
        return ClientErp(product="")
    faults += [_stray(f"{place}.{it}") for it in sorted(table.keys() - _MEMBERS)]
    texts = {name: table.get(name, "") for name in ("product", "version", "transport", "name")}
    for name, value in texts.items():
        if not isinstance(value, str):
            faults.append(_fault(f"{place}.{name}", "须加引号", "must be a text in quotes"))
            texts[name] = ""
    if not texts["product"]:
        faults.append(_fault(f"{place}.product", "必填", "is required"))
    if texts["transport"] and texts["transport"] not in frozenset(ErpTransport):
        listed = ", ".join(ErpTransport)
        faults.append(_fault(f"{place}.transport", f"应取自 {listed}", f"must be one of {listed}"))
    modules = table.get("modules", [])
    if not isinstance(modules, list) or not all(isinstance(it, str) for it in modules):
        faults.append(_fault(f"{place}.modules", "应为文本列表", "must be a list of texts"))
        modules = []
    return ClientErp(**texts, modules=tuple(modules))


def _stray(path: str) -> Fault:
    return _fault(path, "不认识的字段，请删除或更正", "unknown field: remove or correct it")


def _fault(path: str, zh: str, en: str) -> Fault:
    return Fault(path=path, code="readiness", zh=zh, en=en)


# ── the verdict ───────────────────────────────────────────────────────────────────────────────


def judge(erp: ClientErp, products: Sequence[Product]) -> Judged:
    """What can be said of one ERP."""
    product = next((it for it in products if it.code == erp.product), None)
    if product is None:
        listed = ", ".join(sorted(it.code for it in products))
        return Judged(
            erp=erp,
            verdict=Ready.UNSUPPORTED,
            reasons=(
                Reason(zh=f"没有该产品；支持：{listed}", en=f"no such product; served: {listed}"),
            ),
        )
    findings = [*_version(erp, product), *_modules(erp, product), *_transport(erp, product)]
    verdict = max((it for it, _ in findings), key=_ORDER.index, default=Ready.READY)
    reasons = tuple(reason for _, reason in findings) or (
        Reason(
            zh=f"由方言 {product.dialect} 对接",
            en=f"served by the dialect {product.dialect}",
        ),
    )
    return Judged(
        erp=erp,
        verdict=verdict,
        reasons=reasons,
        dialect=product.dialect,
        to=product.oldest if verdict is Ready.UPGRADE and _older(erp, product.oldest) else "",
        transports=tuple(sorted(product.transports)),
    )


def parts(version: str) -> tuple[tuple[int, str], ...]:
    """A version part by part, numbers as numbers; a word stands before every number.

    ``R12.2.9`` and ``12.2.9`` are the same, and 6.40 is newer than 6.5, for 40 is more than 5.
    """
    found = _PART.findall(_PREFIX.sub("", version).lower())
    return tuple((int(it), "") if it.isdigit() else (-1, it) for it in found)


def older(version: str, than: str) -> bool:
    """Whether one version is older than another; missing parts count as 0."""
    left, right = list(parts(version)), list(parts(than))
    length = max(len(left), len(right))
    left += [(0, "")] * (length - len(left))
    right += [(0, "")] * (length - len(right))
    return left < right


def _older(erp: ClientErp, than: str) -> bool:
    return bool(than) and older(erp.version, than)


def _version(erp: ClientErp, product: Product) -> list[tuple[Ready, Reason]]:
    bounds = product.oldest or product.unsupported_below
    if bounds and not parts(erp.version):
        return [
            (
                Ready.UNCLEAR,
                Reason(
                    zh=f"请填写版本号（需要 {bounds} 或更新）",
                    en=f"say the version ({bounds} or newer is needed)",
                ),
            )
        ]
    if _older(erp, product.unsupported_below):
        return [(Ready.UNSUPPORTED, Reason(zh=product.reason_zh, en=product.reason_en))]
    if _older(erp, product.oldest):
        return [
            (
                Ready.UPGRADE,
                Reason(
                    zh=f"请先升级到 {product.oldest} 或更新版本",
                    en=f"upgrade to {product.oldest} or newer first",
                ),
            )
        ]
    return []


def _modules(erp: ClientErp, product: Product) -> list[tuple[Ready, Reason]]:
    return [
        (
            Ready.UPGRADE,
            Reason(
                zh=f"须启用模块 {it.title_zh}（{it.code}）",
                en=f"the module {it.title_en} ({it.code}) must be there",
            ),
        )
        for it in product.modules
        if it.code not in erp.modules
    ]


def _transport(erp: ClientErp, product: Product) -> list[tuple[Ready, Reason]]:
    if not erp.transport or erp.transport in product.transports:
        return []
    listed = ", ".join(sorted(product.transports))
    return [
        (
            Ready.UNSUPPORTED,
            Reason(
                zh=f"该产品不支持 {erp.transport}，可用：{listed}",
                en=f"this product does not travel by {erp.transport}; it does by {listed}",
            ),
        )
    ]

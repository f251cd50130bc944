"""``gateway readiness FILE``: whether a client's ERPs can be served as they are.

Exit code 0: ready; 1: something must be done first; 2: the file cannot be read.
"""

from __future__ import annotations

import argparse
import json

from gateway.cli.installed import installed
from gateway.dialects import erp_dialects
from gateway.domain.errors import Refused
from gateway.onboarding.readiness import Judged, Ready, judge, read, worst
from gateway.ports.erp import Product

_WORDS = {
    Ready.READY: "可对接 ready",
    Ready.UPGRADE: "需先升级或启用 upgrade",
    Ready.UNCLEAR: "信息不足 unclear",
    Ready.UNSUPPORTED: "不支持 unsupported",
}


def products() -> list[Product]:
    """What the installed adapters serve, by code; the same product is told once."""
    found: dict[str, Product] = {}
    for folder in installed("erp"):
        for dialect in erp_dialects(folder).values():
            for product in dialect.products:
                found.setdefault(product.code, product)
    return [found[code] for code in sorted(found)]


def command(options: argparse.Namespace) -> int:
    """Judge one file, or list what is served."""
    if options.list:
        for product in products():
            print(
                json.dumps(_listed(product), ensure_ascii=False) if options.json else _row(product)
            )
        return 0
    if options.file is None:
        raise Refused("name a file, or --list", "请给出文件，或使用 --list")
    try:
        text = options.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"{options.file} cannot be read as UTF-8", f"{options.file} 无法以 UTF-8 读取"
        ) from error
    known = products()
    found = [judge(erp, known) for erp in read(text)]
    verdict = worst(found)
    if options.json:
        whole = {"verdict": verdict.value, "erps": [_document(it) for it in found]}
        print(json.dumps(whole, ensure_ascii=False))
    else:
        for it in found:
            _show(it)
        print(f"结论 verdict: {_WORDS[verdict]}")
    return 0 if verdict is Ready.READY else 1


def _document(judged: Judged) -> dict[str, object]:
    return {
        "product": judged.erp.product,
        "version": judged.erp.version,
        "verdict": judged.verdict.value,
        "upgrade_to": judged.to or None,
        "dialect": judged.dialect or None,
        "transports": list(judged.transports),
        "reasons": [{"zh": it.zh, "en": it.en} for it in judged.reasons],
    }


def _show(judged: Judged) -> None:
    erp = judged.erp
    name = " ".join(filter(None, (erp.name, erp.product, erp.version)))
    print(f"{name}: {_WORDS[judged.verdict]} {judged.to}".rstrip())
    for reason in judged.reasons:
        print(f"    {reason.zh} / {reason.en}")


def _listed(product: Product) -> dict[str, object]:
    return {
        "product": product.code,
        "title_zh": product.title_zh,
        "title_en": product.title_en,
        "dialect": product.dialect,
        "transports": sorted(product.transports),
        "oldest": product.oldest or None,
        "unsupported_below": product.unsupported_below or None,
        "modules": [
            {"code": it.code, "title_zh": it.title_zh, "title_en": it.title_en}
            for it in product.modules
        ],
    }


def _row(product: Product) -> str:
    needs = f" ≥ {product.oldest}" if product.oldest else ""
    ways = ", ".join(sorted(product.transports))
    return (
        f"{product.code}{needs}  {product.title_zh} / {product.title_en}  "
        f"[{product.dialect}]  {ways}"
    )

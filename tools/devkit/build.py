"""The kit for those who build on the gateway (二次开发): ``make devkit``.

Interface documents in Chinese and in English made from the published schemas and the contract,
test vectors of the signature, sample clients and sample files.

Rule kept here: a field, operation or parameter without words in both languages ends the build.
"""  # noqa: INP001 - no package, run as a module

from __future__ import annotations

import argparse
import base64
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.signing.request_signature import SignedRequest, sign
from tools.devkit.messages import HERE, LANGUAGES, ROOT, answers, glossary, missing, published
from tools.devkit.pages import page


def vectors() -> tuple[str, list[dict[str, str]]]:
    """Secret and vectors of docs/api-signature.md, held against the product's own signature.

    Raises ValueError where they differ.
    """
    text = (ROOT / "docs" / "api-signature.md").read_text(encoding="utf-8")
    secret = re.search(r"`(gw-[a-z-]+)`", text)
    block = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    if secret is None or block is None:
        raise ValueError("docs/api-signature.md holds no vectors")
    found: list[dict[str, str]] = json.loads(block[1])
    for it in found:
        request = SignedRequest(
            method=it["method"],
            path=it["path"],
            query=it["query"],
            timestamp=it["timestamp"],
            nonce=it["nonce"],
            body=it["body"].encode(),
        )
        if sign(secret[1].encode(), request) != it["signature"]:
            raise ValueError(f"the vector {it['name']} is wrong")
    return secret[1], found


def vectors_tsv(secret: str, found: Sequence[Mapping[str, str]]) -> str:
    """The same for programs without a JSON reader; bodies in base64."""
    names = ("name", "method", "path", "query", "timestamp", "nonce")
    lines = [f"secret\t{secret}"]
    for it in found:
        body = base64.b64encode(it["body"].encode()).decode()
        lines.append("\t".join([*(it[name] for name in names), body, it["signature"]]))
    return "\n".join(lines) + "\n"


def build(out: Path) -> list[str]:
    """Write the kit into a new folder. Returns what lacks words: then nothing is written."""
    messages, told = published(), answers(glossary())
    lacking = missing([*messages, *told])
    if lacking:
        return lacking
    secret, found = vectors()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for language in LANGUAGES:
        text = page(language, messages, told)
        (out / f"interface.{language}.html").write_text(text, encoding="utf-8")
    whole = {"secret": secret, "vectors": found}
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    (out / "vectors.json").write_text(text + "\n", encoding="utf-8")
    (out / "vectors.tsv").write_text(vectors_tsv(secret, found), encoding="utf-8")
    shutil.copytree(HERE / "clients", out / "clients", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas" / "canonical", out / "schemas")
    shutil.copytree(ROOT / "tests" / "data" / "erp" / "canonical", out / "examples")
    shutil.copy(HERE / "README.md", out / "README.md")
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the kit; exit code 1 names every field that lacks words."""
    parser = argparse.ArgumentParser(description="二次开发包 / the kit for builders")
    parser.add_argument("out", type=Path, help="目标目录（将被重建）/ folder, made anew")
    out = parser.parse_args(arguments).out
    lacking = build(out)
    for it in lacking:
        sys.stderr.write(f"缺少中文或英文说明 lacks words in zh or en: {it}\n")
    if not lacking:
        sys.stdout.write(f"{out}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())

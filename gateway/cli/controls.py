"""``gateway controls``: show, export, propose, vote, withdraw, explain, verify.

All but ``verify`` call a running API with a key of the settings, so they work beside the service
and leave the same trace as anybody's call. ``verify`` reads a file and asks nobody.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from gateway import settings
from gateway.audit.checkpoint import key_name, load_key
from gateway.cli.api_client import Answer, ApiClient
from gateway.controls.version_file import FILE_BYTES_MAX, Verified, parse_file, verify_export
from gateway.domain.decision import ActorKind
from gateway.domain.errors import Fault, Refused
from gateway.ports.tenancy import ApiKey, Directory
from gateway.settings import Settings

_PATH: Final = "/v1/controls"
_PROPOSALS: Final = f"{_PATH}/proposals"
_ASKED: Final = ("from", "to", "amount", "type", "payee", "known", "maker", "erp", "item")
_STATES: Final = {
    "proposed": "待表决",
    "in_force": "现行",
    "replaced": "已被替换",
    "withdrawn": "已撤回",
}


def command(options: argparse.Namespace) -> int:
    """Run one of the actions."""
    if options.action == "verify":
        return _verify(options)
    loaded = settings.load(options.config)
    key = _key(loaded.directory, options)
    client = ApiClient(options.url or f"http://{loaded.host}:{loaded.port}", key.id, key.secret)
    try:
        _ACTIONS[options.action](client, options)
    finally:
        client.close()
    return 0


def _key(directory: Directory, options: argparse.Namespace) -> ApiKey:
    """The key that calls: the one named, or the tenant's first person."""
    found = [
        key
        for key in directory.keys.values()
        if (not options.tenant or key.tenant == options.tenant)
        and (key.id == options.key if options.key else key.actor.kind is ActorKind.PERSON)
    ]
    if not found:
        raise Refused("the settings hold no such key", "配置中没有这样的密钥")
    return found[0]


# ── actions that call the API ───────────────────────────────────────────────────────────────


def _show(client: ApiClient, options: argparse.Namespace) -> None:
    """One version, or all of them."""
    if options.version is not None:
        _print_version(_told(client.call("GET", f"{_PROPOSALS}/{options.version}")), options)
        return
    listed = _told(client.call("GET", _PROPOSALS))
    if options.json:
        print(json.dumps(listed, ensure_ascii=False))
        return
    for it in listed["versions"]:
        print(_line(it))
    if not any(it["state"] == "in_force" for it in listed["versions"]):
        print("没有现行文件：按配置中的规则 / no document in force: the settings hold")


def _export(client: ApiClient, options: argparse.Namespace) -> None:
    query = f"?version={options.version}" if options.version is not None else ""
    found = _told(client.call("GET", f"{_PATH}{query}"))
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if options.out is None:
        print(text)
        return
    options.out.write_text(f"{text}\n", encoding="utf-8")
    print(
        f"已导出第 {found['version']} 版 / version {found['version']} exported: {options.out}",
        file=sys.stderr,
    )


def _propose(client: ApiClient, options: argparse.Namespace) -> None:
    content = parse_file(options.file.name, _bytes(options.file))
    answer = client.post(_PROPOSALS, {"content": content, "comment": options.comment})
    _print_version(_told(answer), options)


def _vote(client: ApiClient, options: argparse.Namespace) -> None:
    target = f"{_PROPOSALS}/{options.version}/votes"
    wish = {"digest": options.digest, "reason": options.reason}
    _print_version(_told(client.post(target, wish)), options)


def _withdraw(client: ApiClient, options: argparse.Namespace) -> None:
    target = f"{_PROPOSALS}/{options.version}/withdrawal"
    _print_version(_told(client.post(target, {"reason": options.reason})), options)


def _explain(client: ApiClient, options: argparse.Namespace) -> None:
    given = {name: getattr(options, f"of_{name}") for name in _ASKED}
    query = urlencode({name: value for name, value in given.items() if value})
    found = _told(client.call("GET", f"{_PATH}/explanation?{query}"))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    print("\n".join([*found["zh"], "", *found["en"]]))


_ACTIONS: Final[Mapping[str, Callable[[ApiClient, argparse.Namespace], None]]] = {
    "show": _show,
    "export": _export,
    "propose": _propose,
    "vote": _vote,
    "withdraw": _withdraw,
    "explain": _explain,
}


def _told(answer: Answer) -> dict[str, Any]:
    """What the API answered. Raises Refused in its words, with every fault."""
    found = answer.json()
    if answer.status == HTTPStatus.OK:
        return found
    problem: dict[str, Any] = found
    faults = [
        Fault(path=it["path"], code=it["code"], zh=it["zh"], en=it["en"])
        for it in problem.get("faults", [])
    ]
    en, zh = (
        str(problem.get(f"detail_{language}") or problem.get(f"title_{language}") or answer.status)
        for language in ("en", "zh")
    )
    raise Refused(en, zh, faults)


def _line(one: Mapping[str, Any]) -> str:
    return (
        f"{one['version']:>4}  {_STATES[one['state']]} {one['state']}  {one['digest'][:16]}…  "
        f"{one['proposed_by']}  {one['proposed_at']}  ×{len(one['votes'])}  {one['comment']}"
    )


def _print_version(one: Mapping[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(one, ensure_ascii=False))
        return
    print(_line(one))
    print(f"摘要 / digest: {one['digest']}")
    for it in one["votes"]:
        print(f"  ✓ {it['actor']}  {it['at']}  {it['reason']}")
    if one["state"] == "proposed":
        print(
            f"已有 {one['counted']}/{one['needed']} 票；还可表决 / votes so far, and who may still "
            f"vote: {', '.join(one['next']) or '—'}"
        )
    for it in one["changes"]:
        print(f"  {it['section']} / {it['name']}")
        if it["before"]:
            print(f"    - {it['before']}")
        if it["after"]:
            print(f"    + {it['after']}")


# ── a file, without anybody ─────────────────────────────────────────────────────────────────


def _verify(options: argparse.Namespace) -> int:
    """Say whether a file is what a gateway exported; exit code 1 where it is not."""
    key = options.public_key or _own_key(settings.load(options.config))
    text = _bytes(options.file)
    try:
        found = verify_export(text, key)
    except Refused as error:
        if options.json:
            print(json.dumps({"ok": False, "zh": error.zh, "en": error.en}, ensure_ascii=False))
        else:
            print(f"✗ {error.zh} / {error.en}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(_document(found), ensure_ascii=False))
    else:
        print(
            f"✓ 签名与摘要相符：租户 {found.tenant} 第 {found.version} 版 / signature and digest "
            f"hold: version {found.version} of tenant {found.tenant}\n{found.digest}"
        )
    return 0


def _document(found: Verified) -> dict[str, object]:
    return {
        "ok": True,
        "tenant": found.tenant,
        "version": found.version,
        "digest": found.digest,
        "key": found.key,
    }


def _own_key(loaded: Settings) -> str:
    """The public key of this installation; looking must never make one."""
    pem = loaded.data / "checkpoint.pem"
    if not pem.exists():
        raise Refused(
            f"no checkpoint key at {pem}: name the public key with --public-key",
            f"没有检查点密钥 {pem}：请用 --public-key 指明公钥",
        )
    return key_name(load_key(pem).public_key())


def _bytes(path: Path) -> bytes:
    """The bytes of a file, bounded. Raises Refused where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read", f"无法读取 {path}") from error

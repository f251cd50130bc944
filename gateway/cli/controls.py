"""``gateway controls``: show, export, propose, vote, withdraw, explain, use, verify, reseal.

All but ``verify`` call a running API with a key of the settings, so they work beside the service
and leave the same trace as anybody's call. ``verify`` reads a file and asks nobody; ``reseal``
works on the database while nothing else does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from gateway import settings
from gateway.audit.checkpoint import key_name
from gateway.cli.api_client import ApiClient
from gateway.cli.deployed import own_key
from gateway.cli.person_calls import calling_key, told
from gateway.controls.version_file import FILE_BYTES_MAX, Verified, parse_file, verify_export
from gateway.domain.errors import Refused

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
    if options.action == "reseal":
        from gateway.cli.reseal import command as reseal  # noqa: PLC0415 - others need no server

        return reseal(loaded, options)
    key = calling_key(loaded.directory, options)
    client = ApiClient(options.url or f"http://{loaded.host}:{loaded.port}", key.id, key.secret)
    try:
        _ACTIONS[options.action](client, options)
    finally:
        client.close()
    return 0


# ── actions that call the API ───────────────────────────────────────────────────────────────


def _show(client: ApiClient, options: argparse.Namespace) -> None:
    """One version, or all of them."""
    if options.version is not None:
        _print_version(told(client.call("GET", f"{_PROPOSALS}/{options.version}")), options)
        return
    listed = told(client.call("GET", _PROPOSALS))
    if options.json:
        print(json.dumps(listed, ensure_ascii=False))
        return
    for it in listed["versions"]:
        print(_line(it))
    if not any(it["state"] == "in_force" for it in listed["versions"]):
        print("没有现行文件：按配置中的规则 / no document in force: the settings hold")


def _export(client: ApiClient, options: argparse.Namespace) -> None:
    query = f"?version={options.version}" if options.version is not None else ""
    found = told(client.call("GET", f"{_PATH}{query}"))
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
    _print_version(told(answer), options)


def _vote(client: ApiClient, options: argparse.Namespace) -> None:
    target = f"{_PROPOSALS}/{options.version}/votes"
    wish = {"digest": options.digest, "reason": options.reason}
    _print_version(told(client.post(target, wish)), options)


def _withdraw(client: ApiClient, options: argparse.Namespace) -> None:
    target = f"{_PROPOSALS}/{options.version}/withdrawal"
    _print_version(told(client.post(target, {"reason": options.reason})), options)


def _explain(client: ApiClient, options: argparse.Namespace) -> None:
    given = {name: getattr(options, f"of_{name}") for name in _ASKED}
    query = urlencode({name: value for name, value in given.items() if value})
    found = told(client.call("GET", f"{_PATH}/explanation?{query}"))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    print("\n".join([*found["zh"], "", *found["en"]]))


def _use(client: ApiClient, options: argparse.Namespace) -> None:
    """Cap, used and left of limits and plan lines."""
    given = {name: getattr(options, name) for name in ("company", "item", "period")}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    found = told(client.call("GET", f"{_PATH}/use{f'?{query}' if query else ''}"))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for it in found["counters"]:
        print(f"{it['zh']}：上限 {it['at_most']}，已用 {it['used']}，剩余 {it['left']}")
        print(f"  {it['en']}: at most {it['at_most']}, used {it['used']}, left {it['left']}")
    if not found["counters"]:
        print("没有可查看的限额或计划 / no limit or plan line to be seen")
    if found["more"]:
        print("未全部列出，请缩小范围 / there are more: ask for less")


_ACTIONS: Final[Mapping[str, Callable[[ApiClient, argparse.Namespace], None]]] = {
    "show": _show,
    "export": _export,
    "propose": _propose,
    "vote": _vote,
    "withdraw": _withdraw,
    "explain": _explain,
    "use": _use,
}


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
    key = options.public_key or key_name(own_key(settings.load(options.config), "--public-key"))
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


def _bytes(path: Path) -> bytes:
    """The bytes of a file, bounded. Raises Refused where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read", f"无法读取 {path}") from error

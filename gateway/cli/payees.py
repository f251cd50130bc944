"""``gateway payees``: list, show, propose, import, vote, withdraw.

They call a running API with a person's key of the settings, so they work beside the service and
leave the same trace as anybody's call.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from gateway import settings
from gateway.cli.api_client import ApiClient
from gateway.cli.person_calls import calling_key, told
from gateway.controls.version_file import parse_json
from gateway.domain.errors import Refused

_PATH: Final = "/v1/payees"
_PROPOSALS: Final = f"{_PATH}/proposals"
_PAGE: Final = 500
_FILE_MAX: Final = 16 << 20
_STATES: Final = {
    "active": "有效",
    "blocked": "停用",
    "removed": "已移除",
    "proposed": "待表决",
    "approved": "已生效",
    "withdrawn": "已撤回",
}
_ACTIONS: Final = {
    "create": "新增",
    "change": "变更",
    "block": "停用",
    "unblock": "解除停用",
    "remove": "移除",
}


def command(options: argparse.Namespace) -> int:
    """Run one of the actions."""
    loaded = settings.load(options.config)
    key = calling_key(loaded.directory, options)
    client = ApiClient(options.url or f"http://{loaded.host}:{loaded.port}", key.id, key.secret)
    try:
        _COMMANDS[options.action](client, options)
    finally:
        client.close()
    return 0


def _list(client: ApiClient, options: argparse.Namespace) -> None:
    """Payees, or the open proposals."""
    if options.proposals:
        found = told(client.call("GET", _PROPOSALS))
        _print(found, options, [_proposal_line(it) for it in found["proposals"]])
        return
    given = {name: getattr(options, name) for name in ("account", "vendor", "state")}
    asked = {name: value for name, value in given.items() if value} | {"limit": _PAGE}
    payees: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        query = urlencode(asked | ({"after": after} if after else {}))
        page = told(client.call("GET", f"{_PATH}?{query}"))
        payees += page["payees"]
        after = page["next"]
    _print({"payees": payees}, options, [_payee_line(it) for it in payees])


def _show(client: ApiClient, options: argparse.Namespace) -> None:
    """One payee with its history, or one proposal with its items."""
    if options.id.startswith("pch_"):
        _print_proposal(told(client.call("GET", f"{_PROPOSALS}/{options.id}")), options)
        return
    found = told(client.call("GET", f"{_PATH}/{options.id}"))
    lines = [_payee_line(found)]
    lines += [
        f"  {_ACTIONS[it['action']]} {it['action']}  {_STATES[it['state']]} {it['state']}  "
        f"{it['proposed_by']} → {it['decided_by'] or '—'}  {it['proposed_at']}  {it['comment']}"
        for it in found["changes"]
    ]
    _print(found, options, lines)


def _propose(client: ApiClient, options: argparse.Namespace) -> None:
    """The items of a JSON file: a list, or an object with ``items``."""
    text = _bytes(options.file)
    wishes = parse_json(b'{"items":' + text + b"}" if text.lstrip()[:1] == b"[" else text)
    body = {**wishes, **({"comment": options.comment} if options.comment else {})}
    _print_proposal(told(client.post(_PROPOSALS, body)), options)


def _import(client: ApiClient, options: argparse.Namespace) -> None:
    query = urlencode({"comment": options.comment, "source": options.file.name[:140]})
    answer = client.call("POST", f"{_PATH}/imports?{query}", _bytes(options.file))
    _print_proposal(told(answer), options)


def _vote(client: ApiClient, options: argparse.Namespace) -> None:
    wish = {"digest": options.digest, "reason": options.reason}
    _print_proposal(told(client.post(f"{_PROPOSALS}/{options.id}/votes", wish)), options)


def _withdraw(client: ApiClient, options: argparse.Namespace) -> None:
    target = f"{_PROPOSALS}/{options.id}/withdrawal"
    _print_proposal(told(client.post(target, {"reason": options.reason})), options)


_COMMANDS: Final[Mapping[str, Callable[[ApiClient, argparse.Namespace], None]]] = {
    "list": _list,
    "show": _show,
    "propose": _propose,
    "import": _import,
    "vote": _vote,
    "withdraw": _withdraw,
}


def _print(found: Mapping[str, Any], options: argparse.Namespace, lines: list[str]) -> None:
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    print("\n".join(lines) or "没有 / none")


def _payee_line(it: Mapping[str, Any]) -> str:
    approved = "" if it["approved"] else "  未经审批 NOT APPROVED"
    return (
        f"{it['id']}  {_STATES[it['state']]} {it['state']}  {it['account']}  {it['name']}  "
        f"{it['vendor'] or '—'}  {it['changed_at']}{approved}"
    )


def _proposal_line(it: Mapping[str, Any]) -> str:
    return (
        f"{it['id']}  {_STATES[it['state']]} {it['state']}  ×{it['count']}  {it['proposed_by']}  "
        f"{it['proposed_at']}  {it['source']}  {it['comment']}"
    )


def _print_proposal(it: Mapping[str, Any], options: argparse.Namespace) -> None:
    lines = [_proposal_line(it), f"摘要 / digest: {it['digest']}"]
    for one in it["items"]:
        after, now = one["after"], one["now"] or {}
        lines.append(f"  {_ACTIONS[one['action']]} {one['action']}  {one['payee'] or ''}")
        for name, value in after.items():
            before = now.get(name, "")
            if value or before:
                changed = f"{before} → " if now and before != value else ""
                lines.append(f"    {name}: {changed}{value}")
    if it["next_items"]:
        lines.append("  …")
    lines += [f"  ✓ {one['actor']}  {one['at']}  {one['reason']}" for one in it["votes"]]
    if it["state"] == "proposed":
        lines.append(f"还可表决 / who may vote: {', '.join(it['next']) or '—'}")
    _print(it, options, lines)


def _bytes(path: Path) -> bytes:
    """The bytes of a file, bounded. Raises Refused where there is none."""
    try:
        with path.open("rb") as file:
            text = file.read(_FILE_MAX + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read", f"无法读取 {path}") from error
    if len(text) > _FILE_MAX:
        raise Refused("the file is longer than 16 MiB", "文件超过 16 MiB")
    return text

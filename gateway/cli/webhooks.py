"""``gateway webhooks secret | list | redeliver``: a new secret; the deliveries of a running API.

The last two call the API with a key of the settings, so they work beside the running service and
leave the same trace as anybody's call.
"""

from __future__ import annotations

import argparse
import json
from http import HTTPStatus
from typing import Any, Final

from gateway import settings
from gateway.chance import SystemRandom
from gateway.cli.api_client import ApiClient
from gateway.domain.errors import NotFound, Refused
from gateway.ports.tenancy import ApiKey, Directory
from gateway.signing.webhook_signature import write_secret

_KEY_BYTES: Final = 32
_PATH: Final = "/v1/webhooks/deliveries"


def command(options: argparse.Namespace) -> int:
    """Run one of the actions."""
    if options.action == "secret":
        print(write_secret(SystemRandom().bytes(_KEY_BYTES)))
        return 0
    loaded = settings.load(options.config)
    key = _key(loaded.directory, options)
    client = ApiClient(options.url or f"http://{loaded.host}:{loaded.port}", key.id, key.secret)
    try:
        if options.action == "list":
            return _list(client, options)
        return _redeliver(client, options)
    finally:
        client.close()


def _key(directory: Directory, options: argparse.Namespace) -> ApiKey:
    """The key that calls: the one named, or the first of the tenant."""
    found = [
        key
        for key in directory.keys.values()
        if (not options.tenant or key.tenant == options.tenant)
        and (not options.key or key.id == options.key)
    ]
    if not found:
        raise Refused("the settings hold no such key", "配置中没有这样的密钥")
    return found[0]


def _list(client: ApiClient, options: argparse.Namespace) -> int:
    for it in _all(client, options.state):
        if options.json:
            print(json.dumps(it, ensure_ascii=False))
        else:
            print(
                f"{it['id']}  {it['endpoint']} #{it['sequence']}  {it['instruction']} "
                f"{it['instruction_state']}  {it['state']} ×{it['tries']}  {it['failure']}"
            )
    return 0


def _redeliver(client: ApiClient, options: argparse.Namespace) -> int:
    """Deliver the named events again, or every dead one."""
    if bool(options.event) == options.dead:
        raise Refused("name events, or say --dead", "请给出事件编号，或使用 --dead")
    events = [str(it["id"]) for it in _all(client, "dead")] if options.dead else options.event
    for event in events:
        answer = client.post(f"{_PATH}/{event}/redelivery", {})
        if answer.status != HTTPStatus.OK:
            raise NotFound(
                f"{event}: the API answered {answer.status}", f"{event}：API 应答 {answer.status}"
            )
    if options.json:
        print(json.dumps({"redelivered": len(events)}))
    else:
        print(f"已安排重投 {len(events)} 个 / {len(events)} to be delivered again")
    return 0


def _all(client: ApiClient, state: str) -> list[dict[str, Any]]:
    """All deliveries in one standing, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page: Any = client.get(f"{_PATH}?after={after}&state={state}")["deliveries"]
        if not page:
            return found
        found += page
        after = page[-1]["id"]

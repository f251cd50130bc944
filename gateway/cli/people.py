"""``gateway people invite | list | disable | enable``: one-time links, who may log in, who no more.

The link is made from the deployment's own key and proves itself: nothing is written, so the
command works beside a running gateway, and the link ends when it was used or after three days.
``disable`` and ``enable`` call the running API with another person's key.
"""

from __future__ import annotations

import argparse
import json
from typing import Final
from urllib.parse import quote

from sqlalchemy import inspect

from gateway import settings
from gateway.chance import SystemRandom
from gateway.cli.api_client import ApiClient
from gateway.cli.person_calls import calling_key, told
from gateway.domain.errors import NotFound, Refused
from gateway.identity.context import Somebody
from gateway.identity.enrolment import INVITED_FOR, invitation
from gateway.identity.options import NO_IDENTITY
from gateway.identity.rows import AccountReads, Standing
from gateway.identity.seals import KEY_BYTES, purpose_key
from gateway.runtime import SystemClock
from gateway.settings import Settings
from gateway.store.engine import open_engine
from gateway.store.own_file import own_file
from gateway.store.tenancy import EVERYONE, is_walled, say

KEY_FILE: Final = "identity.key"
_ADDRESSES: Final = {"disable": "disabling", "enable": "enabling"}


def command(options: argparse.Namespace) -> int:
    """Run one of the actions."""
    loaded = settings.load(options.config)
    if options.action == "list":
        return _list(loaded, as_json=options.json)
    if not options.name:
        raise Refused("name a person of the settings", "请给出人员的登录名")
    who = _who(loaded, options.name)
    if options.action != "invite":
        return _change(loaded, who, options)
    link, secret, until = _invite(loaded, who, anew=options.anew)
    if options.json:
        print(json.dumps({"login": who.person.login, "link": link, "secret": secret}))
        return 0
    print(f"{who.name} · {who.person.login}")
    print(f"一次性链接，请当面或经可靠渠道交给本人 / one-time link, for this person alone:\n{link}")
    print(f"有效至 / until {until}")
    return 0


def _invite(loaded: Settings, who: Somebody, *, anew: bool) -> tuple[str, str, str]:
    identity = loaded.identity or NO_IDENTITY
    if not identity.open:
        raise Refused(
            "people cannot log in: [identity] says no origins",
            "未配置人员登录（[identity] origins）",
        )
    loaded.data.mkdir(parents=True, exist_ok=True)
    root = identity.key or own_file(loaded.data / KEY_FILE, lambda: SystemRandom().bytes(KEY_BYTES))
    standing = _standing(loaded, who)
    until = SystemClock().now() + INVITED_FOR
    secret = invitation(
        purpose_key(root, "invitations"),
        who,
        password=standing.account.password if standing is not None else "",
        until=until,
        anew=anew,
    )
    at = identity.origins[0] if identity.origins else f"http://{loaded.host}:{loaded.port}"
    return f"{at}/ui/invitation?secret={quote(secret, safe='~')}", secret, f"{until:%Y-%m-%d %H:%M}"


def _change(loaded: Settings, who: Somebody, options: argparse.Namespace) -> int:
    """Have the running API take somebody's log-in away, or give it back."""
    key = calling_key(loaded.directory, options)
    client = ApiClient(options.url or f"http://{loaded.host}:{loaded.port}", key.id, key.secret)
    try:
        target = f"/v1/people/{quote(who.person.login, safe='')}/{_ADDRESSES[options.action]}"
        done = told(client.post(target, {"reason": options.reason}))
    finally:
        client.close()
    if options.json:
        print(json.dumps(done, ensure_ascii=False))
    else:
        words = "已停用 / disabled" if done["disabled"] else "已恢复 / enabled"
        print(f"{who.name} · {who.person.login}: {words}")
    return 0


def _standing(loaded: Settings, who: Somebody) -> Standing | None:
    """The person's account, where the database is there already."""
    engine = open_engine(loaded.database)
    try:
        with engine.connect() as db:
            if is_walled(db):
                say(db, EVERYONE)
            if not inspect(db).has_table("identity_account"):
                return None
            return AccountReads(db).standing(who.tenant, who.name)
    finally:
        engine.dispose()


def _who(loaded: Settings, name: str) -> Somebody:
    wanted = name.casefold()
    for tenant in loaded.directory.tenants.values():
        for person in tenant.people:
            if wanted == person.login or name == person.name:
                return Somebody(tenant=tenant.id, person=person)
    raise NotFound(
        f"the settings hold no [[tenant.person]] {name}",
        f"配置中没有人员 {name}（[[tenant.person]]）",
    )


def _list(loaded: Settings, *, as_json: bool) -> int:
    for tenant in loaded.directory.tenants.values():
        for person in tenant.people:
            if as_json:
                print(
                    json.dumps(
                        {"tenant": tenant.id, "login": person.login, "name": person.name},
                        ensure_ascii=False,
                    )
                )
            else:
                print(f"{tenant.id}  {person.login}  {person.name}")
    return 0

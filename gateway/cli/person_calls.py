"""A command that calls the API as a person: whose key it takes, and what the API answered."""

from __future__ import annotations

import argparse
from http import HTTPStatus
from typing import Any

from gateway.cli.api_client import Answer
from gateway.domain.decision import ActorKind
from gateway.domain.errors import Fault, Refused
from gateway.ports.tenancy import ApiKey, Directory


def calling_key(directory: Directory, options: argparse.Namespace) -> ApiKey:
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


def told(answer: Answer) -> dict[str, Any]:
    """What the API answered. Raises Refused in its words, with every fault."""
    found = answer.json()
    if answer.status == HTTPStatus.OK:
        return found
    problem: dict[str, Any] = found
    faults = [
        Fault(path=it["path"], code=it["code"], zh=it["zh"], en=it["en"], line=it.get("line"))
        for it in problem.get("faults", [])
    ]
    en, zh = (
        str(problem.get(f"detail_{language}") or problem.get(f"title_{language}") or answer.status)
        for language in ("en", "zh")
    )
    raise Refused(en, zh, faults)

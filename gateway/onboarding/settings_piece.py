"""The piece of gateway.toml that follows from a client's file. It never holds a secret."""

from __future__ import annotations

import json

from gateway.onboarding.client import Client, ClientConnection


def settings_piece(client: Client) -> str:
    """The tables of the client's tenant; secrets are named by file or variable only."""
    lines = [
        "[[tenant]]",
        f"id = {_toml(client.tenant)}",
        f"name = {_toml(client.name_zh)}",
        "[tenant.policy]",
        "release_people = 1",
        "default_local = false",
    ]
    for connection in client.connections:
        lines += _connection(connection)
    holders = list(dict.fromkeys(it.holder for it in client.accounts))
    for number, holder in enumerate(holders, start=1):
        lines += [
            "[[tenant.company]]",
            f'id = "company-{number}"',
            f"name = {_toml(holder)}",
        ]
        for account in client.accounts:
            if account.holder != holder:
                continue
            lines += [
                "[[tenant.company.account]]",
                f"number = {_toml(account.number)}",
                f"connection = {_toml(account.connection)}",
                f"currency = {_toml(account.currency)}",
            ]
            lines += [f"city = {_toml(account.city)}"] if account.city else []
            lines += [f"agent_name = {_toml(account.agent_name)}"] if account.agent_name else []
    lines += [
        "[[tenant.key]]",
        f"id = {_toml(f'{client.tenant}-erp')}",
        'kind = "machine"',
        f"name = {_toml(f'{client.tenant} ERP')}",
        f"erp = {_toml(client.erp)}",
        f"secret_env = {_toml(key_variable(client))}",
    ]
    return "\n".join(lines) + "\n"


def key_variable(client: Client) -> str:
    """The environment variable that the ERP's key is expected in."""
    return f"GATEWAY_KEY_{client.tenant.upper().replace('-', '_')}"


def _connection(it: ClientConnection) -> list[str]:
    lines = [
        "[[tenant.connection]]",
        f"id = {_toml(it.id)}",
        f"bank = {_toml(it.bank)}",
        f"url = {_toml(it.url)}",
        f"customer = {_toml(it.customer)}",
        f"operator = {_toml(it.operator)}",
        f"password_file = {_toml(it.password_file)}"
        if it.password_file
        else f"password_env = {_toml(it.password_env)}",
    ]
    return [*lines, f"version = {_toml(it.version)}"] if it.version else lines


def _toml(text: str) -> str:
    """A basic string: JSON's escapes are TOML's for texts without control characters."""
    return json.dumps(text, ensure_ascii=False)

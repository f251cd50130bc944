"""Webhooks and outgoing reach as they stand in the settings; every fault is told with its place."""

from __future__ import annotations

from ipaddress import AddressValueError, NetmaskValueError
from pathlib import Path
from typing import Final, Protocol

from gateway.domain.ids import TenantId
from gateway.domain.instruction import State
from gateway.ports.erp_systems import ENDPOINT as ERP
from gateway.ports.webhooks import (
    EVENTS,
    HTTPS_PORT,
    STATUS_EVENT,
    TOLD_UNLESS_SET,
    Network,
    Reach,
    UrlForbidden,
    Webhook,
)
from gateway.signing.webhook_signature import SECRET_MAX, SECRET_MIN, SECRET_PREFIX, read_secret
from gateway.transport.egress_rules import check_url, read_network

_ID_MAX: Final = 40
_TRIES_MAX: Final = 100
_TIMEOUT_MAX_S: Final = 60
_ALL: Final = "all"


class Table(Protocol):
    """A table of settings that is being read."""

    def has(self, name: str) -> bool:
        """Whether it is set."""
        ...

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        ...

    def number(self, name: str, default: int) -> int:
        """A whole number, not negative."""
        ...

    def flag(self, name: str, *, default: bool | None) -> bool | None:
        """True or false."""
        ...

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        ...

    def numbers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers, not negative."""
        ...

    def secret(self, name: str) -> str:
        """A secret inline, from a file or from the environment."""
        ...

    def fault(self, name: str, zh: str, en: str, code: str = "settings") -> None:
        """Tell what is wrong with one setting."""
        ...

    def done(self) -> None:
        """Tell every setting that nobody has read."""
        ...


def read_reach(table: Table) -> Reach:
    """``[tenant.egress]``."""
    networks: list[Network] = []
    for text in table.texts("networks", ()):
        try:
            networks.append(read_network(text))
        except (AddressValueError, NetmaskValueError, ValueError):
            table.fault(
                "networks",
                f"{text[:50]} 不是网段（如 10.1.0.0/16，掩码外各位须为 0）",
                f"{text[:50]} is no network such as 10.1.0.0/16 (no bits outside its mask)",
            )
    made = Reach(
        hosts=tuple(it.lower() for it in table.texts("hosts", ())),
        ports=table.numbers("ports", (HTTPS_PORT,)),
        networks=tuple(networks),
        plain_http=bool(table.flag("plain_http", default=False)),
    )
    table.done()
    return made


def read_webhook(table: Table, tenant: TenantId, reach: Reach, base: Path) -> Webhook:
    """One ``[[tenant.webhook]]``; its address is held against the reach at once."""
    url = table.text("url")
    try:
        check_url(url, reach)
    except UrlForbidden as error:
        table.fault("url", error.zh, error.en, error.code)
    name = table.text("id")
    if len(name) > _ID_MAX:
        table.fault("id", f"最长 {_ID_MAX} 字符", f"must be at most {_ID_MAX} characters")
    if name.startswith(ERP):
        table.fault("id", f"不能以 {ERP} 开头", f"must not begin with {ERP}")
    secrets = [_secret(table, "secret")]
    if any(table.has(f"previous_secret{ending}") for ending in ("", "_file", "_env")):
        secrets.append(_secret(table, "previous_secret"))
    ca, events = table.text("ca", ""), _events(table)
    made = Webhook(
        tenant=tenant,
        id=name,
        url=url,
        secrets=tuple(secrets),
        states=read_states(table) if STATUS_EVENT in events else frozenset(),
        tries_max=min(max(table.number("tries_max", 24), 1), _TRIES_MAX),
        timeout_s=min(max(table.number("timeout_s", 10), 1), _TIMEOUT_MAX_S),
        keep_days=table.number("keep_days", 7),
        events=events,
        erps=frozenset(table.texts("erps", ())),
        ca=str(base.joinpath(ca)) if ca else "",
    )
    table.done()
    return made


def _events(table: Table) -> frozenset[str]:
    names = table.texts("events", (STATUS_EVENT,))
    if not names or not frozenset(names) <= frozenset(EVENTS):
        listed = ", ".join(EVENTS)
        table.fault("events", f"应取自：{listed}", f"must be of: {listed}")
    return frozenset(names) & frozenset(EVENTS)


def read_states(table: Table) -> frozenset[State]:
    """Which states a receiver is told of."""
    names = table.texts("states", ())
    if names == (_ALL,):
        return frozenset(State)
    unknown = [it for it in names if it not in State.__members__]
    if unknown:
        table.fault(
            "states",
            f"没有状态 {unknown[0][:40]}；可用状态名列表，或仅写 all",
            f"there is no state {unknown[0][:40]}; list states, or say all alone",
        )
    return frozenset(State(it) for it in names if it not in unknown) or TOLD_UNLESS_SET


def _secret(table: Table, name: str) -> bytes:
    try:
        return read_secret(table.secret(name))
    except ValueError:
        table.fault(
            name,
            f"须为 {SECRET_PREFIX} 加 {SECRET_MIN}–{SECRET_MAX} 字节的 base64；"
            "可用 gateway webhooks secret 生成",
            f"must be {SECRET_PREFIX} and base64 of {SECRET_MIN} to {SECRET_MAX} bytes;"
            " `gateway webhooks secret` makes one",
        )
        return b""

"""``[identity]`` and ``[[tenant.person]]`` of the settings; every fault with its place.

Rule kept here: what would open a door by mistake is refused at start: plain http beyond this
machine, a certificate for a person's key, a log-in name that two people share.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from gateway.domain.decision import ActorKind
from gateway.domain.errors import NotPermitted
from gateway.domain.ids import TenantId
from gateway.identity.cookies import cookies_for
from gateway.identity.id_tokens import ClaimRules, PersonClaim
from gateway.identity.lockout import Patience
from gateway.identity.mtls import CertificateForm, CertificateRule, Network, TrustedProxy
from gateway.identity.oidc import Provider
from gateway.identity.options import STANDING_PATIENCE, IdentityOptions, SignOn
from gateway.identity.passwords import STANDING_COST, Cost
from gateway.identity.principal import SECOND_FACTORS, Method, Strength
from gateway.identity.seals import KEY_BYTES
from gateway.identity.sessions import Lifetimes
from gateway.ports.tenancy import ApiKey, Person, Tenant

_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,39}", re.ASCII)
_NAME_MAX: Final = 60
_ALGORITHMS: Final = ("RS256", "PS256", "ES256")
T = TypeVar("T", bound="Table")


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

    def secret(self, name: str) -> str:
        """A secret inline, from a file or from the environment."""
        ...

    def table(self, name: str) -> Self:
        """A table inside."""
        ...

    def tables(self, name: str) -> list[Self]:
        """An array of tables inside."""
        ...

    def fault(self, name: str, zh: str, en: str, code: str = "settings") -> None:
        """Tell what is wrong with one setting."""
        ...

    def done(self) -> None:
        """Tell every setting that nobody has read."""
        ...


def read_people(tables: Sequence[Table]) -> tuple[Person, ...]:
    """``[[tenant.person]]``: who of this tenant may log in."""
    found: list[Person] = []
    for table in tables:
        name = table.text("name")
        login = table.text("login", name).casefold()
        if "/" in name or len(name) > _NAME_MAX:
            table.fault(
                "name", f"不得含 /，至多 {_NAME_MAX} 字", f"holds no /, at most {_NAME_MAX} long"
            )
        if not _LOGIN.fullmatch(login):
            table.fault(
                "login",
                "登录名应为字母、数字、点、@、横线（姓名不是此形式时须填写）",
                "a log-in name is letters, digits, . @ - _; set it where the name is none",
            )
        if any(one.name == name for one in found):
            table.fault("name", "本租户已有同名人员", "this tenant has a person of that name")
        found.append(Person(name=name, login=login, sign_on=table.texts("sign_on", ())))
        table.done()
    return tuple(found)


def read_identity(
    table: Table,
    *,
    host: str,
    base: Path,
    tenants: Mapping[TenantId, Tenant],
    keys: Mapping[str, ApiKey],
) -> IdentityOptions:
    """``[identity]``, with its providers and certificate rules."""
    people = [(tenant, person) for tenant in tenants.values() for person in tenant.people]
    plain = bool(table.flag("plain_http", default=False))
    _check_plain(table, host, plain=plain)
    origins = tuple(it.rstrip("/").lower() for it in table.texts("origins", ()))
    site = table.text("site", "").lower()
    _check_site(table, site, origins, plain=plain, wanted=bool(people))
    _check_logins(table, [person.login for _, person in people])
    made = IdentityOptions(
        site=site,
        origins=origins,
        plain_http=plain,
        key=_key(table),
        lifetimes=Lifetimes(
            absolute=timedelta(hours=max(table.number("session_hours", 8), 1)),
            idle=timedelta(minutes=max(table.number("idle_minutes", 15), 1)),
        ),
        strength=_strength(table),
        of_person=_patience(table),
        cost=_cost(table.table("argon")),
        proxies=_networks(table, "proxies"),
        sign_on=_providers(table.tables("provider"), [person for _, person in people]),
        certificates=_proxy(table.table("certificates")),
        certificate_rules=_rules(table.tables("certificate"), base, keys),
    )
    if made.certificate_rules and made.certificates is None:
        table.fault("certificate", "缺少 [identity.certificates]", "needs [identity.certificates]")
    table.done()
    return made


def _check_plain(table: Table, host: str, *, plain: bool) -> None:
    try:
        cookies_for(host=host, plain_http=plain)
    except NotPermitted as error:
        table.fault("plain_http", error.zh, error.en)


def _check_site(
    table: Table, site: str, origins: Sequence[str], *, plain: bool, wanted: bool
) -> None:
    if plain:
        return
    if wanted and not origins:
        table.fault(
            "origins",
            "有人员登录时须填写浏览器访问地址",
            "where people log in, say how browsers reach these pages",
        )
    for origin in origins:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme != "https" or not host or parts.path or parts.query:
            table.fault(
                "origins", "应形如 https://域名", "must be like https://gateway.example.com"
            )
        elif site and host != site and not host.endswith(f".{site}"):
            table.fault("site", "不是 origins 的域名", "is not the domain of the origins")
    if origins and not site:
        table.fault("site", "须填写域名", "the domain of these pages is needed")


def _check_logins(table: Table, logins: Sequence[str]) -> None:
    for login in sorted({it for it in logins if logins.count(it) > 1}):
        table.fault(
            "login",
            f"登录名 {login} 属于多人",
            f"two people share the log-in name {login}",
        )


def _key(table: Table) -> bytes:
    if not any(table.has(f"key{end}") for end in ("", "_file", "_env")):
        return b""
    key = table.secret("key").encode()
    if len(key) < KEY_BYTES:
        table.fault("key", f"至少 {KEY_BYTES} 字节", f"at least {KEY_BYTES} bytes")
        return b""
    return key


def _strength(table: Table) -> Strength:
    standing = tuple(sorted(it.value for it in SECOND_FACTORS))
    named = table.texts("second_factors", standing)
    if not named or set(named) - set(standing):
        table.fault(
            "second_factors",
            f"只能是 {'、'.join(standing)}",
            f"must be among {', '.join(standing)}",
        )
        named = standing
    return Strength(
        factors=frozenset(Method(it) for it in named),
        fresh=timedelta(minutes=max(table.number("fresh_minutes", 5), 1)),
    )


def _patience(table: Table) -> Patience:
    failures = table.number("lock_after_failures", STANDING_PATIENCE.free + 1)
    locked = table.number("lock_for_good_after", STANDING_PATIENCE.hard_max)
    if not 1 <= failures <= locked:
        table.fault(
            "lock_after_failures",
            "至少 1，且不多于 lock_for_good_after",
            "at least 1, and no more than lock_for_good_after",
        )
    return Patience(
        free=max(failures - 1, 0),
        first=timedelta(seconds=max(table.number("lock_seconds", 30), 1)),
        longest=STANDING_PATIENCE.longest,
        forgotten=STANDING_PATIENCE.forgotten,
        hard_max=locked,
    )


def _cost(table: Table) -> Cost:
    made = Cost(
        memory_kib=max(table.number("memory_kib", STANDING_COST.memory_kib), 1024),
        passes=max(table.number("passes", STANDING_COST.passes), 1),
        lanes=max(table.number("lanes", STANDING_COST.lanes), 1),
    )
    table.done()
    return made


def _networks(table: Table, name: str) -> tuple[Network, ...]:
    found: list[Network] = []
    for text in table.texts(name, ()):
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            table.fault(name, f"{text[:50]} 不是网段", f"{text[:50]} is no network")
    return tuple(found)


def _providers(tables: Sequence[Table], people: Sequence[Person]) -> tuple[SignOn, ...]:
    found: list[SignOn] = []
    for table in tables:
        id_ = table.text("id")
        claim = table.text("claim", PersonClaim.SUBJECT.value)
        if claim not in frozenset(PersonClaim):
            table.fault("claim", "不认识的声明", f"must be one of {', '.join(PersonClaim)}")
            claim = PersonClaim.SUBJECT.value
        if any(it.id == id_ for it in found):
            table.fault("id", "登录方编号重复", "this provider is listed twice")
        prefix = f"{id_}:"
        known = {
            _claimed(text.removeprefix(prefix), claim): person.login
            for person in people
            for text in person.sign_on
            if text.startswith(prefix)
        }
        found.append(
            SignOn(
                id=id_,
                name=table.text("name", id_),
                provider=Provider(
                    issuer=table.text("issuer"),
                    client_id=table.text("client_id"),
                    client_secret=table.secret("client_secret"),
                    redirect_uri=table.text("redirect_uri"),
                    scopes=table.texts("scopes", ("openid",)),
                    algorithms=_algorithms(table),
                    acr=table.text("acr", ""),
                ),
                rules=ClaimRules(
                    claim=PersonClaim(claim),
                    people=known,
                    second_factor_acr=frozenset(table.texts("second_factor_acr", ())),
                    second_factor_amr=frozenset(table.texts("second_factor_amr", ())),
                ),
            )
        )
        table.done()
    return tuple(found)


def _claimed(value: str, claim: str) -> str:
    return value.lower() if claim == PersonClaim.EMAIL.value else value


def _algorithms(table: Table) -> tuple[str, ...]:
    named = table.texts("algorithms", _ALGORITHMS)
    if not named or any(not it.startswith(("RS", "PS", "ES", "Ed")) for it in named):
        table.fault("algorithms", "只允许非对称签名算法", "asymmetric signatures only, like RS256")
        return _ALGORITHMS
    return named


def _proxy(table: Table) -> TrustedProxy | None:
    peers = _networks(table, "peers")
    header = table.text("header", "X-Client-Cert")
    form = table.text("form", CertificateForm.PEM_ESCAPED.value)
    if form not in frozenset(CertificateForm):
        table.fault("form", "应为 pem_escaped 或 rfc9440", "must be pem_escaped or rfc9440")
        form = CertificateForm.PEM_ESCAPED.value
    table.done()
    if not peers:
        return None
    return TrustedProxy(peers=peers, header=header, form=CertificateForm(form))


def _rules(
    tables: Sequence[Table], base: Path, keys: Mapping[str, ApiKey]
) -> tuple[CertificateRule, ...]:
    found: list[CertificateRule] = []
    for table in tables:
        key = table.text("key")
        known = keys.get(key)
        if known is None or known.actor.kind is not ActorKind.MACHINE:
            table.fault("key", "没有该机器密钥", "no machine key of that id")
        issuer, pem = table.text("issuer", ""), ""
        if issuer:
            try:
                pem = (base / issuer).read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError):
                table.fault("issuer", "文件无法读取", "the file cannot be read")
        fingerprint, subject = table.text("fingerprint", ""), table.text("subject", "")
        try:
            found.append(
                CertificateRule(
                    key_id=key, fingerprint=fingerprint, subject=subject, issuer_pem=pem
                )
            )
        except ValueError:
            table.fault(
                "fingerprint",
                "须为 64 位小写十六进制指纹，或 subject 加 issuer 证书文件，二者取一",
                "either a fingerprint (64 hex digits), or subject and issuer (a PEM file)",
            )
        table.done()
    return tuple(found)

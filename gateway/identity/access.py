"""Taking away somebody's log-in, and giving it back.

Rule kept here: it holds from the commit: every session ends with it, and each visit looks at the
account anew. Nobody does either to themselves. API keys stand in the settings and are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.identity.context import Identities, Somebody
from gateway.identity.rows import AccountTable, SessionTable
from gateway.ports.tenancy import Tenant
from gateway.store.instants import to_us
from gateway.store.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether somebody may log in."""

    login: str
    person: str
    disabled: bool


class AccessChanges:
    """The use cases behind ``/v1/people/{login}``."""

    def __init__(self, identities: Identities) -> None:
        self._it = identities

    async def change(
        self, tenant: Tenant, actor: Actor, login: str, *, disabled: bool, reason: str
    ) -> Access:
        """Disable or enable a person's log-in; repeated, it changes nothing.

        Raises NotFound for nobody of this tenant, NotPermitted for a machine and for oneself,
        Refused without a reason. Whether this actor may at all is asked before.
        """
        it = self._it
        who = it.by_login(login)
        if who is None or who.tenant != tenant.id:
            raise NotFound("nobody logs in by this name", "没有该登录名")
        if actor.kind is not ActorKind.PERSON or actor.name == who.name:
            raise NotPermitted("another named person has to do this", "须由另一名实名人员办理")
        if not reason.strip():
            raise Refused("a reason is required", "必须填写原因")
        await it.write(lambda uow: self._change(uow, actor, who, disabled=disabled, reason=reason))
        return Access(login=who.person.login, person=who.name, disabled=disabled)

    def _change(
        self, uow: Uow, actor: Actor, who: Somebody, *, disabled: bool, reason: str
    ) -> None:
        it = self._it
        standing = it.account(uow, who)
        if disabled:
            it.sessions.log_out_everywhere(SessionTable(uow), tenant=who.tenant, person=who.name)
        if standing.account.disabled == disabled:
            return
        at_us = to_us(it.now()) if disabled else None
        AccountTable(uow).set_disabled(who.tenant, who.name, at_us)
        kind = "person_disabled" if disabled else "person_enabled"
        it.record(uow, who, kind, actor=actor.label(), reason=reason)

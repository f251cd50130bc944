"""Single sign-on in use: a browser goes to a provider and comes back as a person of ours.

Rule kept here: what comes back counts for the browser that left, once; it opens a session only
for a person the settings name, or strengthens the session it left with.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.identity.ceremonies import Ceremony, CeremonyKind, begin, finish
from gateway.identity.context import Identities
from gateway.identity.log_in import LogIn, Visit
from gateway.identity.not_proven import NotProven
from gateway.identity.oidc import DRAWN_BYTES, Fetch
from gateway.identity.options import SignOn
from gateway.identity.rows import CeremonyTable, SessionTable
from gateway.identity.sessions import ID_BYTES, Opened
from gateway.identity.single_sign_on import SingleSignOn
from gateway.store.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Where to send the browser, and the ceremony's id for its cookie."""

    url: str
    ceremony: str


class Providers:
    """The use cases of single sign-on."""

    def __init__(self, identities: Identities, log_in: LogIn, fetch: Fetch) -> None:
        self._it = identities
        self._log_in = log_in
        self._known = {
            one.id: SingleSignOn(one.provider, one.rules, fetch)
            for one in identities.options.sign_on
        }

    @property
    def listed(self) -> tuple[SignOn, ...]:
        """Every provider."""
        return self._it.options.sign_on

    async def leave(self, provider: str, visit: Visit | None) -> Leaving:
        """Send a browser to a provider; with a ``visit``, to show a factor again.

        Raises NotProven for a provider that is not listed, NotSent or Unconfirmed when it cannot
        be reached.
        """
        it = self._it
        sign_on = self._known.get(provider)
        if sign_on is None:
            raise NotProven("provider_unknown")
        url, words = await sign_on.depart(
            drawn=it.drawn(DRAWN_BYTES), now=it.now(), step_up=visit is not None
        )
        id_ = await it.write(
            lambda uow: begin(
                CeremonyTable(uow),
                key=it.key("ceremonies"),
                kind=CeremonyKind.SINGLE_SIGN_ON,
                tenant=visit.who.tenant if visit else "",
                person=visit.who.name if visit else "",
                words=(provider, visit.session.digest if visit else "", *words),
                drawn=it.drawn(ID_BYTES),
                now=it.now(),
            )
        )
        return Leaving(url=url, ceremony=id_)

    async def come_back(self, query: str, *, ceremony: str) -> tuple[Ceremony, Opened]:
        """Who came back, and their session. Raises NotProven.

        The session that was to be strengthened is not at hand here: its Strict cookie does not
        come along from another site. So it ends, and a new one is opened for the same person,
        which rests on what the provider says now.
        """
        it = self._it
        taken = await it.write(lambda uow: self._take(uow, ceremony))
        if isinstance(taken, NotProven):
            raise taken
        provider, left, *words = taken.words
        sign_on = self._known.get(provider)
        if sign_on is None:
            raise NotProven("provider_unknown")
        arrived = await sign_on.arrive(query, words=tuple(words), now=it.now())
        who = it.by_login(arrived.person)
        if who is None:
            raise NotProven("person_unknown")
        if taken.person and (taken.tenant, taken.person) != (who.tenant, who.name):
            raise NotProven("other_person")

        def job(uow: Uow) -> Opened:
            if left:
                SessionTable(uow).delete(left)
            return self._log_in.opened(uow, who, (arrived.proof,), "")

        return taken, await it.write(job)

    def _take(self, uow: Uow, id_: str) -> Ceremony | NotProven:
        it = self._it
        try:
            return finish(
                CeremonyTable(uow),
                id_,
                key=it.key("ceremonies"),
                kind=CeremonyKind.SINGLE_SIGN_ON,
                now=it.now(),
            )
        except NotProven as error:  # told outside: the taking is to be committed
            return error

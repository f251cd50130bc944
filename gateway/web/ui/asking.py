"""One request for a page: who it is from, and the form it brought.

Rule kept here: a form counts only when it was sent by a page of ours, and, once somebody is
logged in, only with the token of that very session.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from gateway.controls.attachments import ATTACHMENT_MAX
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.ids import TenantId
from gateway.identity.cookies import check_origin
from gateway.identity.log_in import Visit
from gateway.identity.not_proven import NotProven
from gateway.identity.principal import Lack, Weight, strong_enough
from gateway.identity.sessions import Opened
from gateway.ports.tenancy import Tenant
from gateway.web.bodies import read_body
from gateway.web.ui import layout, uploads
from gateway.web.ui.html import Part
from gateway.web.ui.people import People
from gateway.web.ui.uploads import Upload

FORM_MAX: Final = 131_072
_FIELDS_MAX: Final = 256
"""A match by hand names many lines, each with its amount."""
_NONCE_BYTES: Final = 16
_HOME: Final = "/ui/held"
_LOCAL: Final = re.compile(r"/ui/[A-Za-z0-9/_-]{0,120}", re.ASCII)
UPLOADED_TO: Final = "/evidence"
"""How the address of the one form ends that may bring a file."""
FORM_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request for a page. ``visit`` is None before the log-in."""

    request: Request
    people: People
    nonce: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    upload: Upload | None = field(default=None, repr=False)
    visit: Visit | None = None
    flaw: str = ""
    """Why there is no visit."""

    @property
    def secure(self) -> bool:
        """Whether the pages are reached over https."""
        return self.people.session.secure

    @property
    def address(self) -> str:
        """Where the request came from."""
        return self.people.address(self.request)

    @property
    def inside(self) -> Visit:
        """The visit of somebody who is logged in. Only pages behind the log-in ask."""
        if self.visit is None:
            raise NotProven(self.flaw or "session_missing")
        return self.visit

    @property
    def tenant(self) -> Tenant:
        """The person's own tenant."""
        found = self.people.identities.tenants.get(TenantId(self.inside.who.tenant))
        if found is None:
            raise Corrupt("a session names a tenant that is not configured")
        return found

    @property
    def actor(self) -> Actor:
        """The person, as decisions name them."""
        return Actor(kind=ActorKind.PERSON, name=self.inside.who.name)

    @property
    def token(self) -> str:
        """The form token of this session; '' before the log-in."""
        if self.visit is None:
            return ""
        return self.people.identities.sessions.form_token(self.visit.id)

    @property
    def session_id(self) -> str:
        """The session's id as the browser brought it, '' for none."""
        return self.people.session.read(_cookies(self.request))

    @property
    def ceremony_id(self) -> str:
        """The id of the ceremony under way, '' for none."""
        return self.people.ceremony.read(_cookies(self.request))

    @property
    def next(self) -> str:
        """Where to go on after the log-in: a page of ours and nothing else."""
        wanted = self.form.get("next") or self.request.query_params.get("next", "")
        return wanted if _LOCAL.fullmatch(wanted) else _HOME

    def lack(self) -> Lack | None:
        """What is missing before this person may release something."""
        identities = self.people.identities
        return strong_enough(
            self.inside.session.principal(),
            Weight.RELEASE,
            now=identities.now(),
            strength=identities.options.strength,
        )

    def page(  # noqa: PLR0913 - keyword-only, what stands on a page
        self,
        zh: str,
        en: str,
        *body: Part,
        told: Part = None,
        status: int = 200,
        cookies: Sequence[str] = (),
        script: str = "",
        refresh: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page for this person."""
        visit, operator = self.visit, self.people.gateway.settings.operator
        made = layout.Page(
            operator=operator.name if operator is not None else "",
            zh=zh,
            en=en,
            body=body,
            nonce=self.nonce,
            token=self.token,
            who=visit.who.name if visit is not None and visit.inside else "",
            told=told,
            script=script,
            refresh=refresh,
        )
        return layout.answer(
            made, status=status, cookies=cookies, headers=headers, secure=self.secure
        )

    def go(self, to: str, *cookies: str) -> Response:
        """Send the browser on."""
        return layout.redirect(to, cookies=cookies, secure=self.secure)

    def opened(self, opened: Opened) -> tuple[str, ...]:
        """The cookies of a new session; whatever ceremony was under way is over."""
        return (self.people.session.set(opened.id), self.people.ceremony.clear())

    def log_in_address(self) -> str:
        """The log-in, coming back here."""
        path = self.request.url.path
        return f"/ui/log-in?next={quote(path)}" if _LOCAL.fullmatch(path) else "/ui/log-in"


def stranger(request: Request, people: People) -> Seen:
    """A request of which nothing is known yet, with a nonce for its answer."""
    nonce = base64.urlsafe_b64encode(people.gateway.runtime.random.bytes(_NONCE_BYTES)).decode()
    return Seen(request=request, people=people, nonce=nonce)


async def read(bare: Seen) -> Seen:
    """Read a request: its form, and whose session it came with.

    Raises NotProven for a form that no page of ours sent, Refused for what is no form.
    """
    request, people = bare.request, bare.people
    form: Mapping[str, str] = {}
    upload: Upload | None = None
    if request.method == "POST":
        check_origin(request.headers.get("origin", ""), own=people.origins(request))
        kind = request.headers.get("content-type", "")
        if kind.startswith(uploads.TYPE) and request.url.path.endswith(UPLOADED_TO):
            body = await read_body(request, ATTACHMENT_MAX + FORM_MAX)
            form, upload = uploads.read_upload(kind, body)
        else:
            form = await _form(request)
    seen = replace(bare, form=form, upload=upload)
    if not seen.session_id:
        return seen
    try:
        visit = await people.log_in.visit(seen.session_id)
    except NotProven as error:
        return replace(seen, flaw=error.flaw)
    if request.method == "POST":
        people.identities.sessions.check_form(visit.id, form.get("token", ""))
    return replace(seen, visit=visit)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request, FORM_MAX)
    if kind != FORM_TYPE:
        raise Refused("this is no form of these pages", "不是本页面的表单")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError as error:
        raise Refused("the form cannot be read", "表单无法读取") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("a field stands twice", "表单字段重复")
    if any("\0" in text for text in fields.values()):  # no database takes it
        raise Refused("the form cannot be read", "表单无法读取")
    return fields


def _cookies(request: Request) -> str:
    return "; ".join(request.headers.getlist("cookie"))

"""Which page answers, and what somebody reads when something is wrong.

Rule kept here: every failed proof reads the same, whatever failed; only the log hears the flaw.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.errors import GatewayError, NotFound
from gateway.identity.not_proven import NotProven
from gateway.ports.events import LOG_IN_REFUSED
from gateway.store.tenancy import acting_for
from gateway.web.asked import desk_of, trace_id
from gateway.web.problems import problem
from gateway.web.ui import (
    asking,
    pages_controls,
    pages_decide,
    pages_deliveries,
    pages_log_in,
    pages_match_desk,
    pages_matches,
    pages_me,
    pages_open_items,
    pages_payees,
    pages_reconciliation,
    pages_second,
    pages_sheets,
    pages_statement_days,
    pages_stops,
    pages_suggestions,
)
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import both, el
from gateway.web.ui.people import people_of
from gateway.web.ui.refusals import told_of

Handler = Callable[[Seen], Awaitable[Response]]
_FORBIDDEN: Final = 403
_MANY: Final = 429
_RETRY_AFTER_S: Final = "30"


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    path: re.Pattern[str]
    handler: Handler
    behind: str
    """``open`` to anybody, ``door`` after a password, ``inside`` after a second factor."""


def _route(method: str, path: str, handler: Handler, behind: str = "inside") -> _Route:
    pattern = path.replace("{id}", "(?P<id>[A-Za-z0-9_]{1,40})")
    pattern = pattern.replace("{part}", "(?P<part>[A-Za-z0-9_]{1,40})")
    pattern = pattern.replace("{day}", "(?P<part>[0-9]{4}-[0-9]{2}-[0-9]{2})")
    return _Route(method, re.compile(pattern, re.ASCII), handler, behind)


_ROUTES: Final = (
    _route("GET", "/ui/?", pages_log_in.home, "open"),
    _route("GET", "/ui/log-in", pages_log_in.log_in_page, "open"),
    _route("POST", "/ui/log-in", pages_log_in.log_in, "open"),
    _route("GET", "/ui/invitation", pages_log_in.invitation_page, "open"),
    _route("POST", "/ui/invitation", pages_log_in.invitation, "open"),
    _route("POST", "/ui/sign-on/leave", pages_log_in.leave, "open"),
    _route("GET", "/ui/sign-on", pages_log_in.come_back, "open"),
    _route("POST", "/ui/log-out", pages_me.log_out, "door"),
    _route("GET", "/ui/second", pages_second.second_page, "door"),
    _route("POST", "/ui/second", pages_second.second, "door"),
    _route("POST", "/ui/second/key", pages_second.key, "door"),
    _route("POST", "/ui/second/key/answer", pages_second.key_answer, "door"),
    _route("GET", "/ui/me", pages_me.me, "door"),
    _route("POST", "/ui/me/log-out-everywhere", pages_me.log_out_everywhere, "door"),
    _route("POST", "/ui/me/codes", pages_me.codes, "door"),
    _route("POST", "/ui/me/codes/answer", pages_me.codes_answer, "door"),
    _route("POST", "/ui/me/key", pages_me.key, "door"),
    _route("POST", "/ui/me/key/answer", pages_me.key_answer, "door"),
    _route("POST", "/ui/me/recovery", pages_me.recovery, "door"),
    _route("GET", "/ui/held", pages_decide.held),
    _route("GET", "/ui/unconfirmed", pages_decide.unconfirmed),
    _route("GET", "/ui/payments/{id}", pages_decide.payment_page),
    _route("POST", "/ui/payments/{id}", pages_decide.decide),
    _route("GET", "/ui/payees", pages_payees.listed),
    _route("GET", "/ui/payees/{id}", pages_payees.one),
    _route("POST", "/ui/payees/{id}", pages_payees.decide),
    _route("POST", "/ui/payments/{id}/evidence", pages_decide.evidence_upload),
    _route("POST", "/ui/payments/{id}/resolve", pages_decide.resolve),
    _route("POST", "/ui/payments/{id}/agree", pages_decide.agree),
    _route("GET", "/ui/evidence/{id}", pages_decide.evidence_file),
    _route("GET", "/ui/reconciliation", pages_reconciliation.listed),
    _route("GET", "/ui/reconciliation/{id}", pages_reconciliation.one),
    _route("POST", "/ui/reconciliation/{id}", pages_reconciliation.run),
    _route("GET", "/ui/reconciliation/{id}/open", pages_open_items.listed),
    _route("GET", "/ui/reconciliation/{id}/item", pages_open_items.one),
    _route("POST", "/ui/reconciliation/{id}/item", pages_open_items.note),
    _route("GET", "/ui/reconciliation/{id}/desk", pages_match_desk.begun),
    _route("POST", "/ui/reconciliation/{id}/desk", pages_match_desk.went_on),
    _route("GET", "/ui/reconciliation/{id}/suggestions", pages_suggestions.listed),
    _route("GET", "/ui/reconciliation/{id}/suggestions/{part}", pages_suggestions.one),
    _route("POST", "/ui/reconciliation/{id}/suggestions/{part}", pages_suggestions.accept),
    _route("GET", "/ui/reconciliation/{id}/matches", pages_matches.listed),
    _route("GET", "/ui/reconciliation/{id}/matches/{part}", pages_matches.one),
    _route("POST", "/ui/reconciliation/{id}/matches/{part}", pages_matches.unmatch),
    _route("GET", "/ui/reconciliation/{id}/days", pages_statement_days.listed),
    _route("POST", "/ui/reconciliation/{id}/days", pages_statement_days.fetch),
    _route("GET", "/ui/reconciliation/{id}/sheets", pages_sheets.listed),
    _route("GET", "/ui/reconciliation/{id}/sheets/{day}", pages_sheets.one),
    _route("POST", "/ui/reconciliation/{id}/sheets/{day}", pages_sheets.prepare),
    _route("POST", "/ui/reconciliation/{id}/sheets/{day}/review", pages_sheets.review),
    _route("GET", "/ui/reconciliation/{id}/sheets/{day}/review", pages_sheets.one),
    _route("GET", "/ui/reconciliation/{id}/sheets/{day}/workbook", pages_sheets.workbook),
    _route("GET", "/ui/reconciliation/{id}/sheets/{day}/paper", pages_sheets.paper),
    _route("GET", "/ui/controls", pages_controls.listed),
    _route("GET", "/ui/controls/{id}", pages_controls.one),
    _route("POST", "/ui/controls/{id}", pages_controls.vote),
    _route("GET", "/ui/stops", pages_stops.listed),
    _route("POST", "/ui/stops", pages_stops.pull),
    _route("POST", "/ui/stops/{id}", pages_stops.lift),
    _route("GET", "/ui/deliveries", pages_deliveries.listed),
    _route("POST", "/ui/deliveries/{id}", pages_deliveries.again),
)


async def answer(request: Request) -> Response:
    """Answer one request for a page. Raises NotFound where people cannot log in at all."""
    desk = desk_of(request)
    bare = asking.stranger(request, people_of(request))
    try:
        seen = bare = await asking.read(bare)
        return await _routed(seen)
    except NotProven as error:
        desk.gateway.runtime.log.tell(LOG_IN_REFUSED, flaw=error.flaw, trace=trace_id(request))
        return _not_proven(bare, error)
    except GatewayError as error:
        made = problem(error, trace_id=trace_id(request))
        if made.status >= 500:  # noqa: PLR2004 - HTTP
            raise
        return bare.page(
            "未完成",
            "not done",
            el("p", el("a", both("返回", "back"), href=request.url.path)),
            told=told_of(error),
            status=made.status,
        )


async def _routed(seen: Seen) -> Response:
    request = seen.request
    matched = [
        (route, found)
        for route in _ROUTES
        if (found := route.path.fullmatch(request.url.path)) is not None
    ]
    for route, found in matched:
        if route.method != request.method:
            continue
        request.state.operation = f"ui_{route.handler.__name__}"
        request.state.subject = found.groupdict().get("id", "")
        request.state.part = found.groupdict().get("part", "")
        if route.behind == "open":
            return await route.handler(seen)
        if seen.visit is None:
            return seen.go(seen.log_in_address())
        if route.behind == "inside" and not seen.visit.inside:
            return seen.go("/ui/second" if seen.visit.enrolled else "/ui/me")
        with acting_for((seen.visit.who.tenant,)):
            return await route.handler(seen)
    raise NotFound("no such page", "没有该页面")


def _not_proven(seen: Seen, error: NotProven) -> Response:
    if error.flaw.startswith("locked_"):
        return seen.page(
            "请稍后再试",
            "try later",
            el("p", el("a", both("重新登录", "log in"), href="/ui/log-in")),
            told=both("失败次数过多，请稍后再试", "too many failures; try again later"),
            status=_MANY,
            headers={"Retry-After": _RETRY_AFTER_S},
        )
    return seen.page(
        "未通过",
        "not proven",
        el("p", el("a", both("重新登录", "log in"), href="/ui/log-in")),
        el("p", el("a", both("出示第二因素", "show a second factor"), href="/ui/second")),
        told=both(error.zh, error.en),
        status=_FORBIDDEN,
    )

"""Next versions of the control document: what each would change, and a person's yes to it.

Rule kept here: a yes carries the digest of what this person was shown, and a second factor that
was shown just now. Proposing a whole document is for the command and the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.controls.version_rows import Version, VersionState
from gateway.controls.versions import Shown
from gateway.domain.errors import NotFound, Refused
from gateway.web.controls import may_view
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.pages_decide import REASON_MAX, freshly, second_factor

_STATES: Final = {
    VersionState.PROPOSED: ("待表决", "open"),
    VersionState.IN_FORCE: ("现行", "in force"),
    VersionState.REPLACED: ("已被替换", "replaced"),
    VersionState.WITHDRAWN: ("已撤回", "withdrawn"),
}
_DIGITS: Final = 9


async def listed(seen: Seen) -> Response:
    """All versions, newest first."""
    await may_view(seen.people.gateway, seen.tenant, seen.actor)
    found = await seen.people.gateway.front.control_versions.listed(seen.tenant)
    empty = el("p", both("尚无管控文件，按配置办理", "no document: the settings hold"))
    cards = el("ul", *(_card(it) for it in found), class_="cards") if found else empty
    return seen.page("管控文件", "controls", cards)


async def one(seen: Seen) -> Response:
    """One version with what it changes and who agreed."""
    return await _page(seen)


async def vote(seen: Seen) -> Response:
    """This person's yes."""
    seen, cookies, told = await freshly(seen)
    if told is not None:
        return await _page(seen, told=told, status=403, cookies=cookies)
    reason = seen.form.get("reason", "").strip()
    if len(reason) > REASON_MAX:
        raise Refused("the form was refused", "表单有误，未受理")
    await seen.people.gateway.front.control_versions.vote(
        seen.tenant, seen.actor, _number(seen), seen.form.get("digest", ""), reason
    )
    return await _page(seen, cookies=cookies)


async def _page(
    seen: Seen, *, told: Part = None, status: int = 200, cookies: Sequence[str] = ()
) -> Response:
    await may_view(seen.people.gateway, seen.tenant, seen.actor)
    shown = await seen.people.gateway.front.control_versions.show(seen.tenant, _number(seen))
    return seen.page(
        "管控文件",
        "controls",
        _head(shown),
        el("h2", both("与现行规则的差异", "what it changes")),
        _changes(shown),
        _form(seen, shown),
        told=told,
        status=status,
        cookies=cookies,
    )


def _number(seen: Seen) -> int:
    """The version named in the address. Raises NotFound: no other text names one."""
    text = seen.request.state.subject
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise NotFound
    return int(text)


def _card(it: Version) -> Markup:
    link = el("a", both(f"第 {it.version} 版", f"version {it.version}"), href=_address(it))
    line = f"{it.proposed_by.partition(':')[2]} {it.proposed_at:%Y-%m-%d %H:%M} {it.comment}"
    return el("li", link, " ", both(*_STATES[it.state]), el("div", line))


def _head(shown: Shown) -> Markup:
    it = shown.version
    votes = [f"{one.actor.partition(':')[2]} {one.at:%m-%d %H:%M} {one.reason}" for one in it.votes]
    return facts(
        (both("版本", "version"), str(it.version)),
        (both("状态", "state"), both(*_STATES[it.state])),
        (both("提交人", "proposed by"), it.proposed_by.partition(":")[2]),
        (both("说明", "comment"), it.comment or "—"),
        (both("内容摘要", "digest"), el("code", it.digest)),
        (both("已同意", "agreed"), "；".join(votes) or "—"),
        (both("人数", "people"), f"{shown.counted} / {shown.needed}"),
        (both("还可由其同意", "who may agree"), "、".join(shown.next_people) or "—"),
    )


def _changes(shown: Shown) -> Markup:
    if not shown.changes:
        return el("p", both("没有差异", "nothing"))
    return el(
        "ul",
        *(
            el(
                "li",
                el("strong", f"{it.section} {it.name}"),
                el("div", both("原", "before"), " ", el("code", it.before or "—")),
                el("div", both("新", "after"), " ", el("code", it.after or "—")),
            )
            for it in shown.changes
        ),
        class_="cards",
    )


def _form(seen: Seen, shown: Shown) -> Part:
    if shown.version.state is not VersionState.PROPOSED:
        return None
    return form(
        _address(shown.version),
        seen.token,
        el("input", type="hidden", name="digest", value=shown.version.digest),
        field("reason", "备注", "remark", maxlength=str(REASON_MAX), autocomplete="off"),
        second_factor(seen),
        button("同意该版本生效", "agree that it comes into force"),
    )


def _address(it: Version) -> str:
    return f"/ui/controls/{it.version}"

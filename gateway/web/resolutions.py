"""Endpoints of manual resolution (人工认定): evidence, what people say of it, their votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gateway.controls.attachments import OF_ONE_MAX, Attachment
from gateway.controls.resolution_rows import Resolution, StatementEntry
from gateway.controls.resolve import Resolved, Wish
from gateway.controls.rules.document import Right
from gateway.controls.version_file import parse_json
from gateway.delivery.standing import instruction_view
from gateway.domain.decision import ON_EVIDENCE, Action
from gateway.domain.errors import Fault, Refused
from gateway.intake.faults import fault
from gateway.web.asked import Asked, json_response, refused_at
from gateway.web.small_json import Member, read_texts

_VOTE: Final = {"digest": Member(required=True, most=64), "reason": Member(required=True)}
_TEXTS: Final = ("action", "content_hash", "reason")
_WISH: Final = frozenset({*_TEXTS, "attachments", "entry"})
_ENTRY: Final = ("account", "day", "reference", "amount")
_TEXT_MAX: Final = 1000


async def attach(asked: Asked) -> Response:
    """Take one file of evidence; what it is, is seen from its bytes."""
    asked.person()
    await _meets(asked)
    name = asked.query.get("name", "")
    if not name:
        raise refused_at("?name", "required", "缺少参数 name", "name is missing")
    made = await asked.gateway.front.attachments.add(
        asked.tenant, asked.key.actor, asked.path("id"), name, asked.body
    )
    return json_response(attachment_view(asked.path("id"), made))


async def attached(asked: Asked) -> Response:
    """The files of an instruction."""
    await _meets(asked)
    found = await asked.gateway.front.attachments.listed(asked.tenant, asked.path("id"))
    return json_response({"attachments": [attachment_view(asked.path("id"), it) for it in found]})


async def attachment(asked: Asked) -> Response:
    """One file, to be kept and not to be shown by a browser."""
    await _meets(asked)
    return file_response(
        *await asked.gateway.front.attachments.content(
            asked.tenant, asked.path("id"), asked.path("attachment")
        )
    )


async def listed(asked: Asked) -> Response:
    """What people said of an instruction, and who agreed."""
    await _meets(asked)
    found = await asked.gateway.front.resolutions.listed(asked.tenant, asked.path("id"))
    return json_response({"resolutions": [resolution_view(it) for it in found]})


async def propose(asked: Asked) -> Response:
    """Say what became of it; the first of the votes."""
    asked.person()
    wish = _wish(parse_json(asked.body))
    await _meets(asked)
    done = await asked.gateway.front.resolutions.propose(
        asked.tenant, asked.key.actor, asked.path("id"), wish
    )
    return json_response(_resolved(done))


async def vote(asked: Asked) -> Response:
    """Another person's yes."""
    asked.person()
    said = read_texts(asked.body, _VOTE, en="the vote was refused", zh="表决有误，未受理")
    await _meets(asked)
    done = await asked.gateway.front.resolutions.vote(
        tenant=asked.tenant,
        actor=asked.key.actor,
        instruction=asked.path("id"),
        resolution=asked.path("resolution"),
        digest=said["digest"],
        reason=said["reason"],
    )
    return json_response(_resolved(done))


def file_response(head: Attachment, content: bytes) -> Response:
    """A file for whoever may have it: as a download, under no name or type but those stored."""
    return Response(
        content,
        media_type=head.content_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(head.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        },
    )


def attachment_view(instruction: str, it: Attachment) -> dict[str, object]:
    """A file as it is listed."""
    return {
        "id": it.id,
        "name": it.name,
        "content_type": it.content_type,
        "digest": it.digest,
        "size": it.size,
        "added_by": it.added_by,
        "added_at": it.at.isoformat(),
        "links": {"self": f"/v1/instructions/{instruction}/attachments/{it.id}"},
    }


def resolution_view(it: Resolution) -> dict[str, object]:
    """A resolution with its votes."""
    entry = it.content.entry
    own = f"/v1/instructions/{it.instruction}/resolutions/{it.id}"
    return {
        "id": it.id,
        "instruction": it.instruction,
        "action": it.content.action.value,
        "state": it.state.value,
        "digest": it.digest,
        "content_hash": it.content.content,
        "attachments": list(it.content.attachments),
        "entry": None if entry is None else {name: getattr(entry, name) for name in _ENTRY},
        "proposed_by": it.proposed_by,
        "proposed_at": it.proposed_at.isoformat(),
        "decided_at": it.decided_at.isoformat() if it.decided_at else None,
        "votes": [
            {"actor": one.actor, "reason": one.reason, "at": one.at.isoformat()} for one in it.votes
        ],
        "links": {"vote": f"{own}/votes"},
    }


def _resolved(done: Resolved) -> dict[str, object]:
    return {
        **resolution_view(done.resolution),
        "counted": done.counted,
        "needed": done.needed,
        "instruction_state": done.state.value,
    }


async def _meets(asked: Asked) -> None:
    """Raise NotFound for an instruction that is not there, or not for this caller."""
    sight, instruction, tenant = asked.gateway.front.sight, asked.path("id"), asked.key.tenant
    await asked.gateway.store.read(
        lambda db: instruction_view(
            db, tenant, instruction, sight.rows(db, asked.onlooker, (Right.VIEW, Right.RESOLVE))
        )
    )


def _wish(members: Mapping[str, object]) -> Wish:
    """What a body proposes. Raises Refused with every fault."""
    found: list[Fault] = [
        fault("unknown_field", f"/{name[:40]}") for name in members if name not in _WISH
    ]
    texts = _texts(members, "", _TEXTS, found)
    if texts["action"] not in ON_EVIDENCE:
        listed = ", ".join(ON_EVIDENCE)
        found.append(
            Fault(
                path="/action",
                code="action_unknown",
                zh=f"action 须为 {listed} 之一",
                en=f"the action must be one of {listed}",
            )
        )
    files = members.get("attachments", [])
    if not isinstance(files, list) or not all(isinstance(it, str) for it in files):
        found.append(fault("not_text", "/attachments"))
        files = []
    elif len(files) > OF_ONE_MAX:
        found.append(fault("too_long", "/attachments", field="attachments", detail=str(OF_ONE_MAX)))
    entry, told = members.get("entry"), None
    if isinstance(entry, dict):
        told = StatementEntry(**_texts(entry, "/entry", _ENTRY, found))
        found += [
            fault("unknown_field", f"/entry/{name[:40]}") for name in entry if name not in _ENTRY
        ]
    elif entry is not None:
        found.append(fault("not_object", "/entry"))
    if found:
        raise Refused("nothing was proposed", "认定未受理", found)
    return Wish(
        action=Action(texts["action"]),
        content_hash=texts["content_hash"],
        reason=texts["reason"],
        attachments=tuple(str(it) for it in files),
        entry=told,
    )


def _texts(
    members: Mapping[str, object], path: str, names: Sequence[str], found: list[Fault]
) -> dict[str, str]:
    """Members that must be there as texts; '' for one that is not."""
    texts: dict[str, str] = {}
    for name in names:
        value = members.get(name)
        if not isinstance(value, str) or not value.strip():
            found.append(fault("required", f"{path}/{name}", field=name))
        elif len(value) > _TEXT_MAX:
            found.append(fault("too_long", f"{path}/{name}", field=name, detail=str(_TEXT_MAX)))
        texts[name] = value if isinstance(value, str) else ""
    return texts

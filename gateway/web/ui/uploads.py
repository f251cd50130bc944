"""Forms that bring a file: multipart/form-data as browsers write it, and nothing else.

Rule kept here: what is not exactly a browser's form is refused, not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Refused

TYPE: Final = "multipart/form-data"
_BOUNDARY: Final = re.compile(
    r'multipart/form-data; ?boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?'
)
_HEAD: Final = re.compile(
    r'Content-Disposition: form-data; name="([a-z]{1,20})"(?:; filename="([^"\r\n]{0,200})")?',
    re.IGNORECASE,
)
_PARTS_MAX: Final = 10
_TEXT_MAX: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as the browser named it."""

    name: str
    content: bytes


def read_upload(content_type: str, body: bytes) -> tuple[dict[str, str], Upload | None]:
    """The fields of a form and its file; a file that was not chosen is none. Raises Refused."""
    found = _BOUNDARY.fullmatch(content_type)
    if found is None:
        raise _unreadable()
    mark = b"--" + found[1].encode()
    first, *parts, last = (b"\r\n" + body).split(b"\r\n" + mark, _PARTS_MAX)
    if first or not parts or last not in {b"--\r\n", b"--"}:
        raise _unreadable()
    fields: dict[str, str] = {}
    upload: Upload | None = None
    for part in parts:
        name, file, content = _part(part)
        if name in fields or (file is not None and upload is not None):
            raise _unreadable()
        if file is None:
            fields[name] = _text(content)
        elif file:
            upload = Upload(name=file, content=content)
    return fields, upload


def _part(part: bytes) -> tuple[str, str | None, bytes]:
    """Name, the file's name or None, and the content."""
    head, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError:
        raise _unreadable() from None
    found = next((it for line in lines if (it := _HEAD.fullmatch(line)) is not None), None)
    if not separator or found is None:
        raise _unreadable()
    return found[1], found[2], content


def _text(content: bytes) -> str:
    if len(content) > _TEXT_MAX:
        raise _unreadable()
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _unreadable() from None


def _unreadable() -> Refused:
    return Refused("the form cannot be read", "表单无法读取")

"""Character sets of Chinese banks: what fits into GBK, and what a reply's bytes say.

Rule kept here: decoding and encoding are strict; a character is never replaced by another.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from gateway.domain.errors import WireError
from gateway.wire.declaration import declaration

# GB18030 is a superset of both older sets, and banks label GBK-only characters "GB2312".
_READ_AS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
}
_WRITE_AS: Final = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
}
_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f<>&"  # controls of both sets, and what FOX forbids even when escaped
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufe00-\ufe0f\ufff9-\uffff"
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_CHINESE: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e]")
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
XML_SPACE: Final = b" \t\r\n"
UTF8_BOM: Final = codecs.BOM_UTF8
_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class UnencodableError(ValueError):
    """A character does not exist in the bank's character set. ``position`` counts from 0."""

    def __init__(self, position: int) -> None:
        super().__init__(f"character {position + 1} cannot be encoded")
        self.position = position


def gbk_length(text: str) -> int:
    """Length in GBK bytes, the unit of the banks' field lengths.

    Raises UnencodableError for a character that GBK does not have.
    Source: CIB interface document V4.0.4, field tables.
    """
    try:
        return len(text.encode("gbk"))
    except UnicodeEncodeError as error:
        raise UnencodableError(error.start) from None


def unencodable(text: str, encoding: str) -> str:
    """The first character that ``encoding`` (a declaration's label) cannot carry, or ''."""
    try:
        text.encode(codec_out(encoding))
    except UnicodeEncodeError as error:
        return text[error.start]
    return ""


def forbidden_characters(text: str) -> bool:
    """Whether the text holds anything that must not stand in a field of a payment.

    That is: control characters and line breaks, ``< > &``, direction marks, zero-width and
    other invisible characters, private-use characters, surrogates, the byte order mark.
    """
    return _FORBIDDEN.search(text) is not None


def codec_in(label: str) -> str:
    """Python codec for reading ``label``; '' if the label is not on the list."""
    return _READ_AS.get(label.lower(), "")


def codec_out(label: str) -> str:
    """Python codec for writing ``label``. Raises WireError ``encoding`` if not on the list."""
    try:
        return _WRITE_AS[label.lower()]
    except KeyError:
        raise WireError("encoding") from None


def charset_of(content_type: str) -> str:
    """The ``charset`` parameter of a Content-Type header, '' if there is none."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def refuse_wide(head: bytes) -> None:
    """Raise WireError ``encoding`` for UTF-16 and UTF-32, marked or not."""
    if (
        head.startswith(_WIDE_MARKS)
        or head[:2] in (b"<\x00", b"\x00<")
        or head[:3] == b"\x00\x00\x00"
    ):
        raise WireError("encoding", line=1)


def decode_strict(body: bytes, codec: str) -> str:
    """Decode without tolerance. Raises WireError ``encoding`` with the line of the bad byte.

    Text labelled as a Chinese set that is valid UTF-8 Chinese raises ``encoding_mismatch``:
    read under its label it would be a different, perfectly printable name.
    """
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        raise WireError("encoding", line=body.count(b"\n", 0, error.start) + 1) from None
    if codec == "gb18030" and _is_utf8_chinese(body):
        raise WireError("encoding_mismatch")
    return text


def chinese_count(text: str) -> int:
    """How many Chinese characters and full-width forms the text holds."""
    return sum(1 for _ in _CHINESE.finditer(text))


def reply_codec(body: bytes, declared: str, charset: str) -> str:
    """Choose how a bank's reply is read: BOM, declaration, HTTP charset, strict UTF-8, GB18030.

    ``declared`` is the label of the XML declaration or ''. A label that is present and
    wrong is not rescued by the next rule, except that of HTTP, which many servers
    fill in without looking at what they send. Raises WireError ``encoding``.
    """
    marked = body.startswith(UTF8_BOM)
    if declared:
        return _declared_codec(declared, marked=marked)
    if marked:
        return "utf-8"
    by_http = codec_in(charset)
    for codec in (by_http, "utf-8", "gb18030"):
        if not codec:
            continue
        try:
            decode_strict(body, codec)
        except WireError:
            continue
        return codec
    raise WireError("encoding")


def _declared_codec(label: str, *, marked: bool) -> str:
    codec = codec_in(label)
    if not codec:
        raise WireError("encoding", line=1)
    if marked and codec != "utf-8":
        raise WireError("encoding_mismatch", line=1)
    return codec


def document_codec(declared: str, *, marked: bool) -> str:
    """Codec of a message or file: its declaration, else UTF-8 as XML has it.

    Raises WireError ``encoding`` or, if the byte order mark contradicts it,
    ``encoding_mismatch``.
    """
    return _declared_codec(declared, marked=marked) if declared else "utf-8"


def decode_reply(body: bytes, http_charset: str) -> str:
    """Text of a bank's reply, without a byte order mark; see ``reply_codec`` for the order.

    Raises WireError ``encoding``, ``encoding_mismatch`` or ``declaration``.
    """
    refuse_wide(body)
    declared, _ = declaration(body.removeprefix(UTF8_BOM).lstrip(XML_SPACE))
    codec = reply_codec(body, declared, http_charset)
    return decode_strict(body.removeprefix(UTF8_BOM), codec)


def _is_utf8_chinese(body: bytes) -> bool:
    try:
        return _CHINESE.search(body.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False

"""Chinese character sets."""

from __future__ import annotations

import pytest

from gateway.domain.errors import WireError
from gateway.wire.charset import (
    UnencodableError,
    charset_of,
    decode_reply,
    forbidden_characters,
    gbk_length,
    unencodable,
)

HAN = "付款单位"


def test_lengths_count_gbk_bytes():
    assert (gbk_length(""), gbk_length("abc"), gbk_length(HAN), gbk_length("麤镕a")) == (0, 3, 8, 5)


@pytest.mark.parametrize("character", ["㛃", "𠮷", "€", "̈", "한"])
def test_what_gbk_does_not_have(character):
    with pytest.raises(UnencodableError) as caught:
        gbk_length("张" + character)
    assert caught.value.position == 1
    assert unencodable("张" + character, "GBK") == character[0]
    assert unencodable("张" + character, "UTF-8") == ""
    assert unencodable("张" + character, "gb18030") == ""


def test_gb2312_outwards_is_really_gb2312():
    assert unencodable("张镕", "GB2312") == "镕"
    with pytest.raises(WireError):
        unencodable("x", "latin-1")


@pytest.mark.parametrize(
    "character",
    [
        *"\x00\t\n\r\x1f\x7f\x85\x9f<>&",
        *"\u00ad\u200b\u200e\u200f\u202e\u2028\u2029\u2060\u2066\ufeff",
        *"\ue000\uf8ff\U000f0000\U0010fffd\ud800\ufffe\U000e0041",
    ],
)
def test_forbidden(character):
    assert forbidden_characters(f"甲{character}乙")


@pytest.mark.parametrize(
    "text",
    ["", HAN, "（上海）有限公司", 'O\'Neil "x" #1;%', "é e\u0301", "𠮷", "·—…", "\u3000", "’"],
)
def test_allowed(text):
    assert not forbidden_characters(text)


@pytest.mark.parametrize(
    ("head", "codec", "http"),
    [
        ("", "utf-8", ""),
        ("", "utf-8-sig", "gbk"),
        ("", "gbk", ""),
        ("", "gbk", "GB2312"),
        ("", "utf-8", "GBK"),
        ('<?xml version="1.0" encoding="gb2312"?>', "gbk", "utf-8"),
        ('\r\n<?xml version="1.0" encoding="UTF-8"?>', "utf-8", "gbk"),
    ],
)
def test_reply_order(head, codec, http):
    text = head + f"<A>{HAN}麤</A>"
    assert decode_reply(text.encode(codec), http) == text


def test_a_reply_is_never_guessed_past_its_label():
    for body in (
        b'<?xml version="1.0" encoding="UTF-8"?><A>\xb8\xb6</A>',
        b'<?xml version="1.0" encoding="Big5"?><A/>',
        "<A/>".encode("utf-16"),
        b"<A>\xff\xff</A>",
    ):
        with pytest.raises(WireError) as caught:
            decode_reply(body, "")
        assert caught.value.reason == "encoding"


def test_charset_of_a_content_type():
    assert charset_of("application/x-fox; charset=GBK") == "GBK"
    assert charset_of('text/xml;boundary=a; Charset = "utf-8"') == "utf-8"
    assert charset_of("application/x-fox") == ""

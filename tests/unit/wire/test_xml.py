"""Whole documents in the three profiles."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from gateway.domain.errors import WireError
from gateway.wire.xml import LIMITS, Profile, parse

HAN = "付款单位"
GBK = f'<?xml version="1.0" encoding="GBK"?>\n<A>{HAN}</A>'.encode("gbk")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def reason(data: bytes | str, profile: Profile = Profile.MESSAGE, charset: str = "") -> str:
    with pytest.raises(WireError) as caught:
        parse(data if isinstance(data, bytes) else data.encode(), profile, charset=charset)
    return caught.value.reason


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("GBK", "gbk"),
        ("gb2312", "gb2312"),
        ("GB2312", "gbk"),
        ("GB18030", "gb18030"),
        ("UTF-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_chinese_encodings(profile, label, codec):
    text = HAN + ("麤" if codec == "gbk" else "")
    body = f'<?xml version="1.0" encoding="{label}" standalone="yes"?><A>{text}</A>'.encode(codec)
    assert parse(body, profile).text() == text


@pytest.mark.parametrize(
    "label", ["UTF-7", "UTF-16", "UTF-32", "ISO-8859-1", "BIG5", "IBM037", "GB"]
)
@pytest.mark.parametrize("profile", Profile)
def test_other_encodings_are_refused(profile, label):
    assert reason(f'<?xml version="1.0" encoding="{label}"?><A/>', profile) == "encoding"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("profile", Profile)
def test_wide_encodings_are_refused(profile, codec):
    assert reason("<A>x</A>".encode(codec), profile) == "encoding"


@pytest.mark.parametrize("profile", Profile)
def test_utf8_under_a_gbk_label_is_another_text_and_refused(profile):
    body = f'<?xml version="1.0" encoding="GBK"?><A>{HAN}</A>'.encode()
    assert reason(body, profile) == "encoding_mismatch"


def test_an_undecodable_byte_is_told_with_its_line():
    with pytest.raises(WireError) as caught:
        parse(b"<A>\n\n\xff</A>", Profile.MESSAGE)
    assert (caught.value.reason, caught.value.line) == ("encoding", 3)


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.1"?>',
        '<?xml version="1.0" encoding=""?>',
        '<?xml encoding="UTF-8"?>',
        '<?xml version="1.0" standalone="maybe"?>',
        '<?xml version="1.0" standalone="yes" encoding="UTF-8"?>',
        '<?xml version="1.0"encoding="UTF-8"?>',
        '<?xml version="1.0" encoding="UTF-8\'?>',
        '<?xml version="1.0" extra="1"?>',
        '<?xml version="1.0"',
        "<?xml?>",
        '<?xml version="1.0" ' + " " * 500 + "?>",
    ],
)
@pytest.mark.parametrize("profile", Profile)
def test_the_declaration_is_exact(profile, head):
    assert reason(head + "<A/>", profile) == "declaration"


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0"?><?xml version="1.0"?><A/>',
        '<?xml version="1.0"?>\ufeff<A/>',
        "\ufeff\ufeff<A/>",
        '<A><?xml version="1.0"?></A>',
        "<?XML x?><A/>",
        "<A>&undefined;</A>",
        "<A b='&undefined;'/>",
        "<A>]]></A>",
        "<A><B></A></B>",
        "<A/><A/>",
        "<A/>x",
        "<A x='1' x='2'/>",
        "<p:A/>",
        "<A p:x='1'/>",
        "<A>&#0;</A>",
        "<A>&#xD800;</A>",
        "<A>&#x110000;</A>",
        "<A>\x01</A>",
        "<A>\ufffe</A>",
        "<A>\x00</A>",
        "<A",
        "",
        " ",
        "plain",
        "<A b=<'/>",
        "<A><!-- -- --></A>",
        "<A><![CDATA[</A>",
        "<!doctype html><html></html>",
    ],
)
@pytest.mark.parametrize("profile", Profile)
def test_not_well_formed(profile, body):
    assert reason(body, profile) == "malformed"


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE A><A/>",
        "\n<!DOCTYPE A [<!ELEMENT A ANY>]><A/>",
        "<A><![CDATA[<!ENTITY x 'y'>]]></A>",
    ],
)
def test_no_document_type(profile, body):
    assert reason(body, profile) == "doctype"


def test_message_bounds():
    limits = LIMITS[Profile.MESSAGE]
    assert parse(b"<A>" * 16 + b"</A>" * 16, Profile.MESSAGE)
    assert reason(b"<A>" * 17 + b"</A>" * 17) == "depth"
    assert reason(b"<A>" * 300 + b"</A>" * 300) == "depth"
    assert reason(b"<A>" + b"<B/>" * limits.nodes + b"</A>") == "nodes"
    assert parse(b"<A>" + b"<B/>" * (limits.nodes - 1) + b"</A>", Profile.MESSAGE)
    assert reason(b"<A>" + b" " * limits.octets + b"</A>") == "size"
    assert parse(f"<{'N' * 200}/>".encode(), Profile.MESSAGE)
    assert reason(f"<{'N' * 201}/>") == "name"
    assert reason(f"<{'N' * 60_000}/>") == "name"
    assert reason(f"<A {'n' * 201}='1'/>") == "name"
    attributes = [f" a{number}='1'" for number in range(17)]
    assert parse(f"<A{''.join(attributes[:16])}/>".encode(), Profile.MESSAGE)
    assert reason(f"<A{''.join(attributes)}/>") == "attributes"


def test_reply_bounds_are_wider():
    many = b"<A>" + b"<B/>" * 100_000 + b"</A>"
    assert sum(1 for _ in parse(many, Profile.REPLY).children()) == 100_000
    assert reason(b"<A>" + b"<B/>" * 200_000 + b"</A>", Profile.REPLY) == "nodes"
    assert reason(b"<A>" + b" " * (8 << 20) + b"</A>", Profile.REPLY) == "size"


@pytest.mark.parametrize("attribute", ["xsi:nil", "xsi:type", "xml:base", "xml:lang"])
@pytest.mark.parametrize("profile", Profile)
def test_attributes_that_change_meaning(profile, attribute):
    assert reason(f"<A {XSI}><B {attribute}='true'/></A>", profile) == "xsi"


def test_schema_locations_are_tolerated_in_files_only():
    body = f"<A {XSI} xsi:schemaLocation='urn:x x.xsd'/>"
    assert parse(body.encode(), Profile.FILE)
    assert reason(body, Profile.MESSAGE) == "xsi"
    assert reason(body, Profile.REPLY) == "xsi"


def test_comments_and_instructions():
    between = b"<!-- a --><?b c?><A><!-- d --><B>1</B><?e f?></A><!-- g -->"
    assert parse(between, Profile.FILE).one("B").text() == "1"
    assert reason(b"<A><!-- d --></A>", Profile.MESSAGE) == "comment"
    assert reason(b"<A/><!-- d -->", Profile.REPLY) == "comment"
    assert reason(b"<?b c?><A/>", Profile.MESSAGE) == "pi"
    assert reason(b"<A><?FOX c?></A>", Profile.REPLY) == "pi"
    assert reason(b"<A/><?FOX c?>", Profile.REPLY) == "pi"


@pytest.mark.parametrize("inside", ["1<!--x-->", "<!--x-->1", "1<!--x-->2", "1 <!--x--> 2"])
@pytest.mark.parametrize("profile", Profile)
def test_a_comment_inside_a_text_is_always_refused(profile, inside):
    assert reason(f"<A><B>{inside}</B></A>", profile) == "comment"
    assert reason(f"<A><B>{inside}</B></A>".replace("!--x--", "?x y?"), profile) == "pi"


def test_text_beside_elements_is_refused_in_messages():
    assert reason("<A>x<B/></A>") == "content"
    assert reason("<A><B/>x</A>") == "content"


def test_fox_habits_are_tolerated_in_replies():
    instruction = "<?FOX FOXHEADER='100' VERSION='100' SECURITY='NONE' LANG=CHS ?>"
    body = f'\r\n <?xml version="1.0" encoding="GB2312"?>\n{instruction}<FOX>{HAN}镕麤</FOX>'
    assert parse(body.encode("gbk"), Profile.REPLY).text() == HAN + "镕麤"
    assert reason(body.encode("gbk"), Profile.MESSAGE) in ("malformed", "encoding")


@pytest.mark.parametrize(
    ("codec", "charset"),
    [
        ("utf-8", ""),
        ("gbk", ""),
        ("gb18030", ""),
        ("utf-8-sig", ""),
        ("gbk", "GBK"),
        ("gbk", "utf-8"),
        ("utf-8", "GBK"),
        ("gbk", "ISO-8859-1"),
    ],
)
def test_a_reply_without_declaration(codec, charset):
    body = f"<FOX><NAME>{HAN}</NAME></FOX>".encode(codec)
    assert parse(body, Profile.REPLY, charset=charset).one("NAME").text() == HAN


def test_the_declaration_outranks_the_http_header():
    assert parse(GBK, Profile.REPLY, charset="utf-8").text() == HAN
    broken = f'<?xml version="1.0" encoding="UTF-8"?><A>{HAN}</A>'.encode("gbk")
    assert reason(broken, Profile.REPLY, charset="gbk") == "encoding"


def test_lines_count_from_the_file_as_it_came():
    body = b'\xef\xbb\xbf<?xml version="1.0"\n encoding="UTF-8"?>\n<A>\n<B>x</B></A>'
    root = parse(body, Profile.MESSAGE)
    assert (root.line, root.one("B").line) == (3, 4)
    with pytest.raises(WireError) as caught:
        parse(body.replace(b"</B>", b"</C>"), Profile.MESSAGE)
    assert caught.value.line == 4


def test_errors_never_repeat_a_value():
    secret = "6222000011112222"
    for body in (
        f"<A><B>{secret}</C></A>",
        f"<A b='{secret}' b='{secret}'/>",
        f"<A>&{'x' + secret};</A>",
        f"<A><!--{secret}--></A>",
        f"<A><?x {secret}?></A>",
        f'<?xml version="1.0" encoding="x{secret}"?><A/>',
    ):
        with pytest.raises(WireError) as caught:
            parse(body.encode(), Profile.MESSAGE)
        assert secret not in str(caught.value) + caught.value.zh + repr(caught.value.__cause__)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        b"<A " + b" ".join(b"xmlns:n%d='u'" % n for n in range(50_000)) + b"/>",
        b"<A " + b" ".join(b"a%d='u'" % n for n in range(80_000)) + b"/>",
        b"<A>" + b"&#65;" * 200_000 + b"</A>",
        b"<A>" + b"<![CDATA[x]]>" * 75_000 + b"</A>",
        b"<A>" + b"<!---->" * 140_000 + b"</A>",
        b"<" * 1_000_000,
        b"<A>" + b"]]" * 500_000 + b"</A>",
        b"<A>" + b"<B>" * 340_000,
    ],
    ids=["namespaces", "attributes", "references", "cdata", "comments", "lt", "brackets", "open"],
)
def test_hostile_megabytes_take_bounded_time(body):
    assert len(body) <= LIMITS[Profile.MESSAGE].octets
    for profile in Profile:
        before = time.process_time()
        with suppress(WireError):
            parse(body, profile)
        assert time.process_time() - before < 2


def test_a_long_name_does_not_fill_the_log():
    with pytest.raises(WireError) as caught:
        parse(b"<A><" + b"N" * 40_000 + b"><!-- x --></A>", Profile.MESSAGE)
    assert len(str(caught.value)) < 200

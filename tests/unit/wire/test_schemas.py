"""Finding and applying schemas."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire import schemas
from gateway.wire.write import element, leaf
from gateway.wire.xml import Profile, parse

XSD = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="A"><xs:complexType><xs:sequence>
<xs:element name="B" type="xs:date"/></xs:sequence></xs:complexType></xs:element></xs:schema>"""


@pytest.fixture
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(XSD))


def test_valid_in_every_form(schema):
    body = b"<A><B>2026-09-15</B></A>"
    schemas.validate(body, schema)
    schemas.validate(parse(body, Profile.MESSAGE), schema)
    schemas.validate(element("A", leaf("B", "2026-09-15")), schema)


def test_a_fault_names_the_place_and_not_the_value(schema):
    for subject in (b"<A>\n<B>secret</B></A>", parse(b"<A>\n<B>secret</B></A>", Profile.MESSAGE)):
        with pytest.raises(WireError) as caught:
            schemas.validate(subject, schema)
        assert (caught.value.reason, caught.value.path, caught.value.line) == ("schema", "/A/B", 2)
        assert "secret" not in str(caught.value)


def test_bytes_that_are_no_xml(schema):
    with pytest.raises(WireError) as caught:
        schemas.validate(b"<A>", schema)
    assert caught.value.reason == "malformed"


def test_a_fault_under_a_foreign_prefix_still_has_a_place(schema):
    with pytest.raises(WireError) as caught:
        schemas.validate(b'<p:Z xmlns:p="urn:p"/>', schema)
    assert caught.value.path == "/Z"


def test_the_locator_prefers_the_wheel_and_names_what_is_missing(tmp_path, monkeypatch):
    package = tmp_path / "gateway"
    for folder in (package / "_schemas" / "x", tmp_path / "schemas" / "x"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(schemas, "_PACKAGE", package)
    in_tree = tmp_path / "schemas" / "x" / "a.xsd"
    in_tree.write_bytes(XSD)
    assert schemas.schema_path("x", "a.xsd") == in_tree
    in_wheel = package / "_schemas" / "x" / "a.xsd"
    in_wheel.write_bytes(XSD)
    assert schemas.schema_path("x", "a.xsd") == in_wheel
    assert schemas.xsd("x", "a.xsd") is schemas.xsd("x", "a.xsd")
    with pytest.raises(FileNotFoundError, match=r"x/b\.xsd"):
        schemas.schema_path("x", "b.xsd")

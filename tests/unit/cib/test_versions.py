"""The bank's document versions side by side, chosen per connection."""

from __future__ import annotations

import pytest

from adapters.bank.cib import DIALECT, DIALECTS, dialect
from adapters.bank.cib.profile import PROFILES
from gateway.wire.schemas import schema_path
from tests.golden.cib.cases import BATCH, BATCHED, OWN, P1, SIGN_ON, STATEMENT


def test_the_latest_version_is_the_default():
    assert set(DIALECTS) == {"4.0.0", "4.0.4"}
    assert DIALECT is DIALECTS["4.0.4"]
    assert DIALECT.version == "V4.0.4"


@pytest.mark.parametrize("version", DIALECTS)
def test_a_version_says_which_it_is_and_offers_everything(version):
    spoken = DIALECTS[version]
    assert spoken.version == f"V{version}"
    assert spoken.code == "cib"
    assert spoken.capabilities() == DIALECT.capabilities()


def test_versions_write_the_same_messages_where_the_document_did_not_change():
    old, new = DIALECTS["4.0.0"], DIALECTS["4.0.4"]
    for name, question, serial in (
        ("pay", OWN, P1),
        ("batch", BATCH, BATCHED),
        ("statement", STATEMENT, P1),
    ):
        messages = {getattr(it, name).encode(question, SIGN_ON, serial) for it in (old, new)}
        assert len(messages) == 1


def test_an_unknown_version_is_refused():
    with pytest.raises(KeyError):
        dialect(version="3.9.9")


def test_every_versions_schemas_are_there():
    for version, profile in PROFILES.items():
        assert profile.document == version
        assert schema_path("bank", "cib", profile.schemas, "request.xsd").is_file()


@pytest.mark.parametrize("version", DIALECTS)
def test_a_branch_with_the_old_statement_is_asked_for_it(version):
    older = dialect(version=version, statement_version="")
    sent = older.statement.encode(STATEMENT, SIGN_ON, P1)
    assert older.bank_side.decode(sent.body()).body.version == ""
    newer = DIALECTS[version].statement.encode(STATEMENT, SIGN_ON, P1)
    assert older.bank_side.decode(newer.body()).body.version == "2.0"

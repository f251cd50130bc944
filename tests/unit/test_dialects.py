"""Which language a connection speaks: the bank's newest, or the document version it names."""

from __future__ import annotations

import pytest

from gateway.dialects import bank_dialect
from gateway.domain.errors import Corrupt


def test_the_newest_version_is_the_default():
    assert bank_dialect("cib").version == bank_dialect("cib", "4.0.4").version


def test_an_older_document_version_stands_beside_it():
    assert bank_dialect("cib", "4.0.0").version != bank_dialect("cib").version


@pytest.mark.parametrize(("code", "version"), [("cib", "9.9"), ("../cib", ""), ("CIB", "")])
def test_what_is_not_there_is_refused(code, version):
    with pytest.raises(Corrupt):
        bank_dialect(code, version)

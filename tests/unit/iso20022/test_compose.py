"""What is composed is valid against schemas that we did not write."""

from __future__ import annotations

from datetime import datetime
from importlib import resources

import pytest

from adapters.erp.iso20022.compose import VERSIONS, Style, compose
from tests.unit.iso20022.samples import DEBTOR, assert_valid, file, line

LINES = [
    line(1),
    line(2, urgent=True),
    line(3, category_purpose="SALA", creditor_agent_bic="ICBKCNBJ"),
    line(4, creditor_account="BE07131673267766", creditor_agent_cnaps="", purpose=""),
    line(5, budget_item="A01"),
    line(6, purpose="", budget_item="预" * 64),
]
SEPAXML = [
    version
    for version in VERSIONS
    if resources.files("sepaxml").joinpath("schemas", f"{version}.xsd").is_file()
]


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_valid(version, style):
    document = file(*LINES, version=version, style=style)
    assert_valid(document, "pain001", f"templates/{version}/{version}.xsd")


@pytest.mark.parametrize("version", SEPAXML)
def test_a_second_copy_of_the_schemas_agrees(version):
    assert_valid(file(*LINES, version=version), "sepaxml", f"schemas/{version}.xsd")


def test_the_second_copy_is_there():
    assert "pain.001.001.03" in SEPAXML
    assert "pain.001.001.09" in SEPAXML


@pytest.mark.parametrize(
    ("version", "message_id", "lines"),
    [
        ("pain.001.001.02", "M-1", [line()]),
        ("pain.001.001.03", "M-1", []),
        ("pain.001.001.03", "M" * 34, [line()]),
    ],
)
def test_what_cannot_be_composed_is_refused(version, message_id, lines):
    created = datetime(2026, 9, 15, 10)  # noqa: DTZ001
    with pytest.raises(ValueError):
        compose(version, message_id, created, DEBTOR, lines)

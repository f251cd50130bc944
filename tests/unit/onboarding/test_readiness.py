"""May a client's ERP be served as it is? Ready, upgrade to what, unclear, or not at all."""

from __future__ import annotations

import json

import pytest

from gateway.cli.main import main
from gateway.cli.readiness import products
from gateway.domain.errors import Refused
from gateway.onboarding.readiness import ClientErp, Ready, judge, older, read, worst
from gateway.ports.erp import ErpTransport, Module, Product

PRODUCT = Product(
    code="erp-x",
    title_zh="某 ERP",
    title_en="ERP X",
    dialect="x/y",
    transports=frozenset({ErpTransport.API, ErpTransport.FOLDER}),
    oldest="6.5",
    unsupported_below="6.0",
    modules=(Module(code="cash", title_zh="现金管理", title_en="cash management"),),
    reason_zh="6.0 之前没有接口",
    reason_en="before 6.0 there is no interface",
)


def judged(**erp):
    described = {"product": "erp-x", "version": "6.5", "modules": ("cash",)}
    return judge(ClientErp(**described | erp), [PRODUCT])


@pytest.mark.parametrize(
    ("version", "than", "is_older"),
    [
        ("6.40", "6.5", False),
        ("6.4", "6.5", True),
        ("6.5", "6.5", False),
        ("6.5.0", "6.5", False),
        ("R12.1.3", "12.2", True),
        ("V13.0", "13", False),
        ("10.1", "9.9", False),
        ("6.5beta", "6.5.1", True),
    ],
)
def test_versions_are_compared_part_by_part(version, than, is_older):
    assert older(version, than) is is_older


def test_what_is_new_enough_is_ready():
    assert judged().verdict is Ready.READY
    assert judged(version="7.1", transport="api").verdict is Ready.READY
    assert judged().dialect == "x/y"


def test_what_is_too_old_is_told_what_to_upgrade_to():
    found = judged(version="6.1")
    assert (found.verdict, found.to) == (Ready.UPGRADE, "6.5")
    assert "6.5" in found.reasons[0].zh
    assert "6.5" in found.reasons[0].en


def test_what_cannot_be_served_says_why():
    found = judged(version="5.7")
    assert (found.verdict, found.to) == (Ready.UNSUPPORTED, "")
    assert found.reasons[0].zh == PRODUCT.reason_zh


def test_a_missing_module_is_named():
    found = judged(modules=())
    assert (found.verdict, found.to) == (Ready.UPGRADE, "")
    assert "cash" in found.reasons[0].en


def test_a_version_that_nobody_named_is_unclear_never_ready():
    assert judged(version="").verdict is Ready.UNCLEAR
    assert judged(version="?").verdict is Ready.UNCLEAR


def test_another_way_of_travelling_is_not_supported():
    found = judged(transport="tables")
    assert found.verdict is Ready.UNSUPPORTED
    assert "api, folder" in found.reasons[0].en


def test_an_unknown_product_is_not_supported():
    found = judged(product="other")
    assert found.verdict is Ready.UNSUPPORTED
    assert "erp-x" in found.reasons[0].en


def test_the_worst_counts():
    assert worst([judged(), judged(version="6.1")]) is Ready.UPGRADE
    assert worst([]) is Ready.UNCLEAR


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "erp"),
        ("erp = 1", "erp"),
        ("[[erp]]\nversion = '1'", "erp[0].product"),
        ("[[erp]]\nproduct = 'x'\nversion = 6.5", "erp[0].version"),
        ("[[erp]]\nproduct = 'x'\nmodules = 'cash'", "erp[0].modules"),
        ("[[erp]]\nproduct = 'x'\ntransport = 'pigeon'", "erp[0].transport"),
        ("[[erp]]\nproduct = 'x'\nversoin = '1'", "erp[0].versoin"),
        ("clinet = 'x'\n[[erp]]\nproduct = 'x'", "clinet"),
    ],
)
def test_a_fault_of_the_file_is_told_with_its_place(text, path):
    with pytest.raises(Refused) as refused:
        read(text)
    fault = next(it for it in refused.value.faults if it.path == path)
    assert fault.zh
    assert fault.en


def test_broken_toml_is_refused():
    with pytest.raises(Refused):
        read("[[erp")


def test_each_product_of_the_adapters_is_ready_as_it_describes_itself():
    found = products()
    assert found
    for product in found:
        erp = ClientErp(
            product=product.code,
            version=product.oldest,
            modules=tuple(it.code for it in product.modules),
        )
        assert judge(erp, found).verdict is Ready.READY, product.code


def test_the_command_answers_by_words_json_and_exit_code(tmp_path, capsys):
    path = tmp_path / "client.toml"
    path.write_text("[[erp]]\nproduct = 'canonical-v2'\n", encoding="utf-8")
    assert main(["readiness", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "ready"
    assert told["erps"][0]["dialect"] == "canonical/v2"
    path.write_text("[[erp]]\nproduct = 'abacus'\n", encoding="utf-8")
    assert main(["readiness", str(path)]) == 1
    assert "不支持 unsupported" in capsys.readouterr().out
    assert main(["readiness", str(tmp_path / "none.toml")]) == 2
    assert main(["readiness"]) == 2
    assert main(["readiness", "--list"]) == 0
    assert "canonical-v2" in capsys.readouterr().out

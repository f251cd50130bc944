"""The Containerfile and the compose file, as far as they can be judged without running them.

Their essential steps are taken for real in tests/integration/deploy.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gateway.cli.main import _parser

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = {name: it for name, it in COMPOSE["services"].items() if "build" in it}
BIN = Path(sys.executable).parent


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / name), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


# ── the image ───────────────────────────────────────────────────────────────────────────────


def test_a_linter_finds_nothing_in_the_containerfile():
    checked = tool("hadolint", "--failure-threshold", "style", "deploy/Containerfile")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_linter_would_find_something(tmp_path):
    bad = tmp_path / "Containerfile"
    bad.write_text("FROM python\nRUN cd /src && sudo pip install x\n")
    assert tool("hadolint", str(bad)).returncode != 0


def instructions() -> list[tuple[str, str]]:
    """(keyword, rest) of the final stage."""
    joined = CONTAINERFILE.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    pairs = [tuple(line.split(None, 1)) for line in lines]
    last = max(at for at, (word, _) in enumerate(pairs) if word == "FROM")
    return [(str(word), str(rest)) for word, rest in pairs[last:]]


def test_the_image_runs_without_rights_and_says_how_it_is_doing():
    final = instructions()
    words = [word for word, _ in final]
    user = next(rest for word, rest in final if word == "USER")
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", user)
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert {"HEALTHCHECK", "STOPSIGNAL", "VOLUME"} <= set(words)
    assert not any("pip install" in rest for word, rest in final if word == "RUN")


def test_what_the_image_installs_is_pinned_with_hashes():
    installs = re.findall(r"pip install[^&\n]*", CONTAINERFILE)
    assert len(installs) == 3
    assert all("--require-hashes --no-deps" in it or "--no-index" in it for it in installs)


def test_the_image_is_built_from_the_product_alone():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        part
        for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE)
        for part in line.split()[:-1]
    }
    assert copied == let_in
    for name in let_in:
        assert (ROOT / name).exists(), name


# ── compose ─────────────────────────────────────────────────────────────────────────────────


def test_the_compose_file_follows_the_specification():
    checked = tool(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_specification_would_refuse_a_mistake(tmp_path):
    bad = tmp_path / "compose.yaml"
    bad.write_text("services: {api: {image: x, restarts: always}}")
    schema = ("--builtin-schema", "vendor.compose-spec")
    assert tool("check-jsonschema", *schema, str(bad)).returncode != 0


@pytest.mark.parametrize("name", OURS)
def test_every_process_of_ours_has_no_rights_it_does_not_need(name):
    service = OURS[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    written = {volume.split(":")[1] for volume in service["volumes"] if not volume.endswith(":ro")}
    assert written <= {"/var/lib/gateway", "/var/lib/clock"}


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_that_the_product_knows(name):
    options = _parser().parse_args(OURS[name]["command"])
    assert options.module == name if name != "api" else options.module == "serve"


def test_there_are_two_workers_and_they_start_after_the_migration():
    assert COMPOSE["services"]["worker"]["deploy"]["replicas"] == 2
    for name in ("api", "worker"):
        after = OURS[name]["depends_on"]
        assert after["migrate"]["condition"] == "service_completed_successfully"
    assert OURS["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert OURS["migrate"]["restart"] == "no"


def test_every_secret_is_a_file_that_the_script_makes(tmp_path):
    made = subprocess.run(
        ["sh", str(DEPLOY / "secrets.sh"), str(tmp_path / "secrets")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "secret files ready" in made.stdout
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"secrets/{name}"}
        assert (tmp_path / "secrets" / name).read_text()
    mounted = (DEPLOY / "config/compose.toml").read_text("utf-8")
    for named in re.findall(r'_file = "/run/secrets/([^"]+)"', mounted):
        assert named in OURS["api"]["secrets"], named
        assert named in COMPOSE["secrets"], named
    given = [
        it for service in COMPOSE["services"].values() for it in service.get("environment", {})
    ]
    assert all(name.endswith("_FILE") for name in given if "PASSWORD" in name)


def test_secrets_are_made_once_and_stay(tmp_path):
    def make():
        subprocess.run(
            ["sh", str(DEPLOY / "secrets.sh"), str(tmp_path / "s")], check=True, capture_output=True
        )
        return {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}

    first = make()
    assert make() == first
    assert first["postgres-password"] in first["database-owner"]
    assert first["node-password"] in first["database"]
    assert (tmp_path / "s").stat().st_mode & 0o77 == 0


def test_secrets_never_reach_the_repository():
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_database_keeps_what_it_promised():
    command = " ".join(COMPOSE["services"]["postgres"]["command"])
    for setting in ("fsync=on", "full_page_writes=on", "synchronous_commit=on"):
        assert setting in command

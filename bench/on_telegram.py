"""End to end and durable, over HTTP against a fake Bot API: gridbot beside the usual plain bot, in one run.

Limits and pace are off; messages are spread over 1,000 groups; the fake, which runs in a process of its own, measures
from its first update handed out to the last acknowledgement and the last letter.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import jieba
from fake_api import Json, Log, said, served
from plain_bot import WORKERS, worker_of
from sample import REQUESTS, chatter

from nlp import lexicon
from nlp.reader import Reader

HERE = Path(__file__).parent
GROUPS = 1000
FIRST = 1_000_000
PATIENCE = 300  # seconds


class Run(NamedTuple):
    log: Log
    took: float  # seconds by the fake
    peak: float  # MiB
    started: float  # seconds from start to the first call that says something


def community(folder: Path) -> Path:
    """A configuration of GROUPS groups, each with a building of its own, in as many grids as there are workers."""
    text = [
        f'[community]\nname = "压测社区"\n[database]\nurl = "sqlite:///{folder / "ours.db"}"',
        '[manners]\nmessages_per_hour = 1000000\nquiet_from = "00:00"\nquiet_to = "00:00"',
        '[[grids]]\nkey = "root"\nname = "压测社区"\nlevel = "community"',
        '[[duties]]\nkey = "all"\ncategory = "*"\ngrid = "root"\naccept_hours = 4\nfinish_hours = 120',
    ]
    for n in range(1, WORKERS + 1):
        chief = ', { rank = "chief", grid = "root" }' if n == 1 else ""
        text += [
            f'[[grids]]\nkey = "g{n}"\nname = "{n}网格"\nlevel = "grid"\nunder = "root"',
            f'[[people]]\nkey = "w{n}"\nname = "{n}网格员"\naccounts = ["telegram:main:{n}"]',
            f'roles = [{{ rank = "worker", grid = "g{n}" }}{chief}]',
        ]
    for n in range(1, GROUPS + 1):
        grid = f"g{worker_of(-(FIRST + n))}"
        text.append(
            f'[[grids]]\nkey = "b{n}"\nname = "{n}号楼"\nlevel = "building"\nunder = "{grid}"\nplace = "{n}号楼"'
        )
        text.append(f'[[groups]]\nchat = "telegram:main:-{FIRST + n}"\ntitle = "{n}群"\ngrid = "b{n}"')
    path = folder / "config.toml"
    path.write_text("\n".join(text), encoding="utf-8")
    return path


def talk(count: int) -> list[str]:
    """Lines that neither bot acts on."""
    reader = Reader()
    words = _keywords()
    quiet = []
    for line in chatter():
        reading = reader.read(line)
        if not (reading.is_request or reading.unsure or reading.danger or words & set(jieba.lcut(line))):
            quiet.append(line)
    return [quiet[n % len(quiet)] for n in range(count)]


def requests(count: int) -> list[str]:
    """Requests that both bots act on, each about a building of its own, so that each opens a case."""
    words = _keywords()
    known = [line for line in REQUESTS if words & set(jieba.lcut(line))]
    return [re.sub(r"^\d号楼|^", f"{n}号楼", known[n % len(known)], count=1) for n in range(1, count + 1)]


def _keywords() -> set[str]:
    return {word for c in lexicon.categories().values() for t in c.topics for word in (*t.objects, *t.signs)}


def updates(lines: list[str]) -> list[Json]:
    """One person each, one group after the other; the workers have said hello, so that letters reach them."""
    hellos = [said(n, n, n, "/start") for n in range(1, WORKERS + 1)]
    talk = enumerate(lines, start=WORKERS + 1)
    return hellos + [said(n, -(FIRST + 1 + n % GROUPS), 10_000 + n, line) for n, line in talk]


@contextmanager
def bot(program: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, str(HERE / program), *arguments])  # noqa: S603 (our own)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measure(program: str, said_here: list[Json], folder: Path, *, sends: int, per_second: float | None = None) -> Run:
    place = str(community(folder)) if program == "our_bot.py" else str(folder / "plain.db")
    with served(said_here, greetings=WORKERS, sends=sends, per_second=per_second) as (base_url, pipe):
        start = time.perf_counter()
        with bot(program, base_url, place) as process:
            if not pipe.poll(PATIENCE):
                raise SystemExit(f"{program} did not finish in {PATIENCE} s")
            log = pipe.recv()
            peak = _peak(process.pid)
    return Run(log, log.ended - log.began, peak, log.first_call - start)


def _peak(pid: int) -> float:
    """MiB; from /proc, so on Linux only."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


def both(said_here: list[Json], *, sends: int, per_second: float | None = None) -> tuple[Run, Run]:
    """gridbot, then the plain bot, on the same updates."""
    runs = []
    for program in ("our_bot.py", "plain_bot.py"):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(measure(program, said_here, Path(folder), sends=sends, per_second=per_second))
    return runs[0], runs[1]


def compare(name: str, lines: list[str], each: int) -> None:
    """How many messages a second; `each` is the letters a line leads to."""
    ours, plain = both(updates(lines), sends=each * len(lines))
    mine, usual = len(lines) / ours.took, len(lines) / plain.took
    calls = sum(ours.log.calls.values())
    print(
        f"{name:9} gridbot {mine:7,.0f} messages/s, {calls / ours.took:6,.0f} calls/s ({calls / len(lines):.1f} a"
        f" message), {ours.peak:4.0f} MiB   plain bot {usual:7,.0f} messages/s, {plain.peak:4.0f} MiB"
        f"   gridbot ÷ plain {mine / usual:5.2f}"
    )


def latency(seconds: int) -> None:
    """250 messages a second, 1.5 % of them requests: how long until the first letter can be seen."""
    lines = talk(250 * seconds)
    for n, line in zip(range(33, len(lines), 67), requests(len(lines)), strict=False):
        lines[n] = line
    ours, plain = both(updates(lines), sends=0, per_second=250)
    told, worst = [], []
    for name, run in (("gridbot", ours), ("plain bot", plain)):
        times = sorted(1000 * each for each in run.log.latencies)
        cuts = statistics.quantiles(times, n=100)
        worst.append(cuts[98])
        told.append(f"{name} {len(times)} replies: median {cuts[49]:.0f} ms, 99th percentile {cuts[98]:.0f} ms")
    print(f"250/s     {'   '.join(told)}   gridbot ÷ plain {worst[0] / worst[1]:5.2f}")


def cold() -> None:
    """From the start of the process to the first answer, everything on the disk already read once."""
    ours, plain = both(updates(requests(1)), sends=2)
    print(
        f"cold      gridbot: first answer {ours.started:.2f} s after the start, {ours.peak:.0f} MiB"
        f"   plain bot {plain.started:.2f} s, {plain.peak:.0f} MiB"
        f"   gridbot ÷ plain {ours.started / plain.started:5.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chat", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=30)
    chosen = parser.parse_args()
    jieba.setLogLevel("WARNING")
    print(f"{os.cpu_count()} processors")
    compare("chat", talk(chosen.chat), 0)
    compare("requests", requests(chosen.requests), 3)
    latency(chosen.seconds)
    cold()


if __name__ == "__main__":
    main()

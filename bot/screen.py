"""The screen: shows a console's chats on a terminal as things happen, and the ledger and figures at the end."""

from typing import Any

from rich.console import Console as Terminal
from rich.text import Text

from bot.platforms.console import Posted
from handlers.house import House
from handlers.wording import Wording
from storage.figures import Figures, Rate

STEPS = (
    "registered", "transferred", "accepted", "raised", "done", "reopened", "withdrawn", "mistaken", "false_alarm",
    "closed_by_tap",
)  # fmt: skip
INDENT = " " * 6


class Screen:
    """Cyan is a group, magenta a private chat, green what the bot says; its edits and reactions are dim."""

    def __init__(self, terminal: Terminal, house: House) -> None:
        self.terminal = terminal
        self.house = house
        self.say = Wording(house.language, house.zone)
        self.numbered: list[tuple[Posted, str]] = []  # buttons offered to whoever types: the message, the command
        self.number_buttons = False
        self._day: object = None

    def __call__(self, what: str, post: Posted) -> None:
        """What the console calls when something happens."""
        getattr(self, f"_{what}")(post)

    def rule(self, text: str) -> None:
        self.terminal.rule(text, style="dim")

    def hint(self, text: str) -> None:
        self.terminal.print(Text(text, style="dim"))

    def wrong(self, text: str) -> None:
        self.terminal.print(Text(text, style="red"))

    def _said(self, post: Posted) -> None:
        words = [post.text, *(self.say(f"sign.{one.media}") for one in post.attached)]
        self.terminal.print(self._head(post).append(" ".join(filter(None, words))))

    def _pressed(self, post: Posted) -> None:
        self.terminal.print(self._head(post).append(f"〔{post.text}〕", style="bold yellow"))

    def _toast(self, post: Posted) -> None:
        self._line(f"({post.text})", "green")

    def _sent(self, post: Posted) -> None:
        first, _, rest = post.text.partition("\n")
        self.terminal.print(self._head(post).append(first, style="green"))
        for text in rest.splitlines():
            self._line(text, "green")
        if post.files:
            self._line(" ".join(self.say(f"sign.{file.media}") for file in post.files), "green")
        self._buttons(post)

    def _edited(self, post: Posted) -> None:
        where = self.say("demo.private", who=post.address) if post.private else post.address
        lines = post.text.splitlines()[: 2 if post.private else None]
        self._line(f"✎ [{where}] {' / '.join(lines)}", "dim green")
        if self.number_buttons:
            self._buttons(post)

    def _erased(self, post: Posted) -> None:
        self._line(f"✗ [{post.address}] {post.text.splitlines()[0]}", "dim red")

    def _reacted(self, post: Posted) -> None:
        self._line(f"{post.reactions[-1]} → {post.author}", "dim")

    def _buttons(self, post: Posted) -> None:
        shown = []
        for label, command in post.buttons:
            self.numbered.append((post, command))
            shown.append(f"[{len(self.numbered)} {label}]" if self.number_buttons else f"[{label}]")
        if shown:
            self._line(" ".join(shown), "yellow")

    def _head(self, post: Posted) -> Text:
        local = post.at.astimezone(self.house.zone)
        if local.date() != self._day:
            self._day = local.date()
            self.rule(self.say.day(post.at))
        who = self.house.bot_name if post.by_us else post.author
        where = self.say("demo.private", who=post.address) if post.private else post.address
        line = Text(f"{local:%H:%M} ", style="dim")
        line.append(f"[{where}] ", style="magenta" if post.private else "cyan")
        return line.append(f"{who}: ", style="bold green" if post.by_us else "bold")

    def _line(self, text: str, style: str) -> None:
        self.terminal.print(Text(INDENT + text, style=style))

    # -- the end of the day -----------------------------------------------------------------------------------

    def ledger(self, entries: list[dict[str, Any]]) -> None:
        """Two lines a case: what and where, then how it went."""
        self.rule(self.say("demo.ledger"))
        for entry in entries:
            voices = sum(report["voice"] and not report["withdrawn"] for report in entry["reports"])
            outcome = entry["verdict"] or entry["outcome"]
            facts = [
                f"#{entry['number']} {entry['title']}",
                " ".join(entry["places"]),
                self.say("card.voices", count=voices) if voices > 1 else "",
                entry["lead"],
                self.say(f"state.{entry['state']}"),
                self.say(f"outcome.{outcome}") if outcome else "",
                self.say(f"button.rate.{entry['satisfaction']}") if entry["satisfaction"] else "",
            ]
            self.terminal.print(Text(" · ".join(filter(None, facts)), style="bold"))
            steps = [self.say(f"event.{event['kind']}") for event in entry["events"] if event["kind"] in STEPS]
            self._line(" → ".join(steps), "dim")

    def figures(self, result: Figures) -> None:
        raw, adjusted = result.raw, result.adjusted
        excluded = [f"{self.say(f'state.{state}')} {count}" for state, count in sorted(result.excluded.items())]
        self.terminal.print(
            self.say(
                "demo.figures",
                cases=result.cases,
                voices=result.voices,
                finished=result.finished,
                open=result.still_open,
                late=result.late,
                reopened=result.reopened,
                responded=_percent(raw.responded),
                solved=_percent(raw.solved),
                confirmed=raw.solved_confirmed,
                satisfied=_percent(raw.satisfied),
                fairly=raw.fairly,
                answered=raw.satisfied.of,
                adjusted_responded=_percent(adjusted.responded),
                adjusted_solved=_percent(adjusted.solved),
                excluded="、".join(excluded) or self.say("demo.nothing"),
            ),
            markup=False,
        )


def _percent(rate: Rate) -> str:
    return f"{rate.percent:.1f}%" if rate.percent is not None else "—"


def terminal() -> Terminal:
    return Terminal(highlight=False, soft_wrap=True)

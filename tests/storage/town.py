"""A small community written straight into the tables, and the builders the storage tests share."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, SQLModel

from storage import outbox, requests
from storage.attachments import Attachment, Media
from storage.chats import Chat
from storage.duties import Duty
from storage.follow import FILE
from storage.grids import Grid, Level
from storage.outbox import Letter, Purpose
from storage.people import Address, Person, Rank, Role
from storage.reports import Report
from storage.requests import Request
from storage.texts import keep
from storage.units import Unit

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # a Monday, nine in the morning in 柳树村


class Town:
    """柳树村 › 东网格 › 3号楼 and 5号楼, 柳树村 › 西网格; 张网格员 works in the east, 王阿姨 lives there."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.village = self.grid("village", level=Level.COMMUNITY)
        self.east = self.grid("east", self.village)
        self.west = self.grid("west", self.village)
        self.b3 = self.grid("b3", self.east, level=Level.BUILDING, place="3号楼")
        self.b5 = self.grid("b5", self.east, level=Level.BUILDING, place="5号楼")
        self.wang = self.person("王阿姨")
        self.zhang = self.person("张网格员", key="zhang")
        self.wuye = self.unit("wuye", name="柳树物业", aliases=["物业"])
        self.group = self.chat("3号楼群", grid_id=self.b3.id)

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def grid(self, key: str, under: Grid | None = None, *, level: Level = Level.GRID, **columns: Any) -> Grid:
        path = f"{under.path if under else ''}{key}/"
        return self._add(Grid(key=key, name=key, level=level, path=path, source=FILE, **columns))

    def person(self, name: str, **columns: Any) -> Person:
        return self._add(Person(name=name, source=FILE, **columns))

    def role(
        self, person: Person, rank: Rank, *, grid: Grid | None = None, unit: Unit | None = None, **columns: Any
    ) -> Role:
        where = {"grid_id": grid.id if grid else None, "unit_id": unit.id if unit else None}
        key = f"{person.id}-{rank}-{where}"
        return self._add(Role(key=key, person_id=person.id, rank=rank, source=FILE, **where, **columns))

    def unit(self, key: str, **columns: Any) -> Unit:
        return self._add(Unit(key=key, source=FILE, **{"name": key, **columns}))

    def duty(self, key: str, category: str, grid: Grid, **columns: Any) -> Duty:
        hours = {"accept_hours": 4, "finish_hours": 120, **columns}
        return self._add(Duty(key=key, category=category, grid_id=grid.id, source=FILE, **hours))

    def chat(self, address: str, *, platform: str = "console", private: bool = False, **columns: Any) -> Chat:
        return self._add(
            Chat(platform=platform, account="main", address=address, private=private, source=FILE, **columns)
        )

    def alone_with(self, person: Person, *, platform: str = "console", seen_at: datetime | None = AT) -> Chat:
        """The private chat of a person, which they last used at `seen_at`."""
        chat = self.chat(person.name, platform=platform, private=True)
        self._add(
            Address(
                person_id=person.id,
                platform=platform,
                account="main",
                user=person.name,
                chat_id=chat.id,
                seen_at=seen_at,
            )
        )
        return chat

    def case(self, **columns: Any) -> Request:
        """A lift that does not go, led by 张网格员 unless `columns` say otherwise."""
        facts = {
            "kind": "repair",
            "category": "lift",
            "department": "property",
            "title": "电梯故障",
            "grid_id": self.b3.id,
            "chat_id": self.group.id,
            "lead_person_id": None if columns.get("lead_unit_id") else self.zhang.id,
            "opened_at": AT,
            **columns,
        }
        case = Request(**facts)
        requests.add(self.session, case, actor_id=self.wang.id, at=facts["opened_at"], data={})
        return case

    def report(
        self, case: Request, person: Person, words: str | None = None, *, at: datetime = AT, **columns: Any
    ) -> Report:
        """What a person wrote about a case; the first of them is a voice unless `first` says otherwise."""
        chat_id = columns.pop("chat_id", self.group.id)
        facts = {"first": True, "message": f"m-{person.id}-{case.id}", **columns}
        text_id = keep(self.session, words).id if words else None
        return self._add(
            Report(request_id=case.id, person_id=person.id, chat_id=chat_id, at=at, text_id=text_id, **facts)
        )

    def attachment(self, case: Request, report: Report, media: Media = Media.PHOTO, **columns: Any) -> Attachment:
        facts = {"platform": "console", "account": "main", "file": "f", "came_at": AT, "next_at": AT, **columns}
        return self._add(Attachment(request_id=case.number, report_id=report.id, media=media, **facts))

    def letter(self, words: str | None = "…", *, to: Chat | None = None, at: datetime = AT, **columns: Any) -> Letter:
        """A letter in the outbox: to a chat, or to a person by `person_id`; `card` names the card, `budget` counts."""
        budget, card = columns.pop("budget", None), columns.pop("card", None)
        facts = {"purpose": Purpose.TELL, "created_at": at, "not_before": at, **columns}
        letter = Letter(chat_id=to.id if to else None, text=words, card_key=card, **facts)
        return self.session.get_one(Letter, outbox.write(self.session, letter, budget=budget).id)


def columns_of(row: SQLModel) -> dict[str, Any]:
    """Every column as the database has it now."""
    return row.model_dump()

"""The ledger: every case with its reports and its history, as plain data."""

import json
from datetime import timedelta

from sqlmodel import Session

from storage import attachments, events, ledger, requests, texts
from storage.attachments import Loss, Media
from storage.requests import Outcome, Satisfaction, State
from tests.storage.town import AT, Town

NINE, TEN = "2026-11-23T01:00:00+00:00", "2026-11-23T02:00:00+00:00"


def test_a_case_stands_in_the_ledger_with_all_that_was_said_and_done(session: Session, town: Town) -> None:
    case = town.case(places="3号楼 2单元", accept_by=AT + timedelta(hours=1))
    report = town.report(case, town.wang, "3号楼电梯又坏了", satisfaction=Satisfaction.GOOD)
    photo = town.attachment(case, report)
    town.attachment(case, report, Media.LOCATION, latitude=31.2, longitude=121.5)
    attachments.stored(photo, "ab12", "image/jpeg", 700, at=AT)
    attachments.lost(town.attachment(case, report), Loss.GONE)
    town.report(case, town.person("李明"), gone_at=AT)
    requests.move(session, case, State.DISPATCHED, "dispatched", actor_id=None, at=AT)
    requests.move(
        session, case, State.DONE, "done", actor_id=town.zhang.id, at=AT, text="换了主板", outcome=Outcome.SOLVED
    )
    (entry,) = ledger.entries(session)
    assert entry == {
        "number": case.id,
        "title": "电梯故障",
        "kind": "repair",
        "category": "lift",
        "department": "property",
        "urgent": False,
        "danger": None,
        "state": "done",
        "outcome": "solved",
        "verdict": None,
        "satisfaction": None,
        "places": ["3号楼", "2单元"],
        "grid": "b3",
        "lead": "张网格员",
        "reopened": 0,
        "urged": 0,
        "opened_at": NINE,
        "accept_by": TEN,
        "finish_by": None,
        "accepted_at": None,
        "done_at": None,
        "ended_at": None,
        "reports": [
            {
                "at": NINE,
                "who": "王阿姨",
                "voice": True,
                "withdrawn": False,
                "text": "3号楼电梯又坏了",
                "attachments": [
                    {"media": "photo", "state": "stored", "digest": "ab12", "mime": "image/jpeg", "size": 700},
                    {"media": "location", "state": "wanted", "latitude": 31.2, "longitude": 121.5},
                    {"media": "photo", "state": "lost", "reason": "gone"},
                ],
                "verdict": None,
                "satisfaction": "good",
            },
            {
                "at": NINE,
                "who": "李明",
                "voice": True,
                "withdrawn": True,
                "text": None,
                "attachments": [],
                "verdict": None,
                "satisfaction": None,
            },
        ],
        "events": [
            {
                "number": event.number,
                "at": NINE,
                "kind": kind,
                "who": who,
                "data": data,
                "text": text,
                "attachments": [],
                "hash": event.hash,
            }
            for event, (kind, who, data, text) in zip(
                events.history(session, case.number),
                [
                    ("registered", "王阿姨", {}, None),
                    ("dispatched", None, {"from": "registered", "to": "dispatched"}, None),
                    ("done", "张网格员", {"from": "dispatched", "to": "done"}, "换了主板"),
                ],
                strict=True,
            )
        ],
    }
    assert json.loads(json.dumps(entry)) == entry


def test_cases_stand_in_their_order_and_what_was_blanked_stays_blank(session: Session, town: Town) -> None:
    first, second = town.case(), town.case(lead_unit_id=town.wuye.id)
    report = town.report(first, town.wang, "3号楼电梯又坏了")
    texts.blank(session, report.text_id)
    one, other = ledger.entries(session)
    assert [one["number"], other["number"]] == [first.id, second.id]
    assert one["places"] == []
    assert one["reports"][0]["text"] is None
    assert other["lead"] == "柳树物业"


def test_an_empty_ledger_has_no_entries(session: Session) -> None:
    assert list(ledger.entries(session)) == []

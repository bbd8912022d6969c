"""The ledger: every case with its reports and its history, as plain data for export."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from storage import attachments, events, reports
from storage.attachments import Attachment
from storage.events import Event
from storage.grids import Grid
from storage.people import Person
from storage.reports import Report
from storage.requests import Request
from storage.texts import Text
from storage.units import Unit


def entries(session: Session) -> Iterator[dict[str, Any]]:
    """One dictionary per case, oldest first; times are ISO 8601 in UTC, words None where they were blanked."""
    for case in session.exec(select(Request).order_by(col(Request.id))):
        grid = session.get_one(Grid, case.grid_id)
        unit = session.get_one(Unit, case.lead_unit_id) if case.lead_unit_id else None
        yield {
            "number": case.number,
            **{name: getattr(case, name) for name in ("title", "kind", "category", "department", "urgent", "danger")},
            "state": case.state.value,
            "outcome": case.outcome,
            "verdict": case.verdict,
            "satisfaction": case.satisfaction,
            "places": case.places.split(" ") if case.places else [],
            "grid": grid.key,
            "lead": unit.name if unit else _name(session, case.lead_person_id),
            "reopened": case.reopened,
            "urged": case.urged,
            **{
                name: _iso(getattr(case, name))
                for name in ("opened_at", "accept_by", "finish_by", "accepted_at", "done_at", "ended_at")
            },
            "reports": [_report(session, report) for report in reports.all_of(session, case.number)],
            "events": [_event(session, event) for event in events.history(session, case.number)],
        }


def _report(session: Session, report: Report) -> dict[str, Any]:
    return {
        "at": _iso(report.at),
        "who": _name(session, report.person_id),
        "voice": report.first,
        "withdrawn": report.gone_at is not None,
        "text": _body(session, report.text_id),
        "attachments": [_attachment(one) for one in attachments.of_report(session, report.id)],
        "verdict": report.verdict,
        "satisfaction": report.satisfaction,
    }


def _attachment(one: Attachment) -> dict[str, Any]:
    """The file lies under its digest in the media folder once it is stored."""
    facts = {"media": one.media.value, "state": one.state.value}
    more = {name: getattr(one, name) for name in ("digest", "mime", "name", "size", "latitude", "longitude", "reason")}
    return facts | {name: value for name, value in more.items() if value not in {None, ""}}


def _event(session: Session, event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "at": _iso(event.at),
        "kind": event.kind,
        "who": _name(session, event.actor_id),
        "data": event.data,
        "text": _body(session, event.text_id),
        "attachments": [_attachment(one) for one in attachments.of_event(session, event.id)],
        "hash": event.hash,
    }


def _name(session: Session, person_id: int | None) -> str | None:
    return session.get_one(Person, person_id).name if person_id else None


def _body(session: Session, text_id: int | None) -> str | None:
    return session.get_one(Text, text_id).body if text_id else None


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None

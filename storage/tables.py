"""Every table there is: importing this file fills SQLModel's metadata, for the migrations and the tests."""

from storage import (
    attachments,
    chats,
    chores,
    deliveries,
    duties,
    erasures,
    events,
    grids,
    notices,
    outbox,
    people,
    questions,
    reports,
    requests,
    texts,
    units,
)

TABLES = (
    attachments, chats, chores, deliveries, duties, erasures, events, grids, notices, outbox, people, questions,
    reports, requests, texts, units,
)  # fmt: skip

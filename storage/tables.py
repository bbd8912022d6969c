"""Every table there is: importing this file fills SQLModel's metadata, for the migrations and the tests."""

from storage import (
    attachments,
    chats,
    chores,
    corrections,
    deliveries,
    duties,
    erasures,
    events,
    grids,
    invitations,
    leaves,
    notices,
    outbox,
    people,
    questions,
    receipts,
    reports,
    requests,
    surveys,
    texts,
    units,
)

TABLES = (
    attachments, chats, chores, corrections, deliveries, duties, erasures, events, grids, invitations, leaves, notices,
    outbox, people, questions, receipts, reports, requests, surveys, texts, units,
)  # fmt: skip

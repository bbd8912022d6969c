"""The usual plain bot, for comparison: python-telegram-bot's own Application, jieba, SQLModel, a commit per step.

It does the same visible work for a request as gridbot (a reaction, a card, a worker's message) and stores only
requests. Run as a program: `plain_bot.py BASE_URL DATABASE`.
"""

import logging
import sys
from typing import Any

import jieba
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from nlp import lexicon

WORKERS = 100  # each for some of the groups
TOKEN = "100:plain"  # noqa: S105 (of a fake)


class PlainCase(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    chat: int
    text: str
    category: str


class PlainLetter(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    case_id: int
    text: str
    sent: bool = False


def worker_of(chat: int) -> int:
    """The user id of the worker a group belongs to."""
    return 1 + -chat % WORKERS


def main(base_url: str, file: str) -> None:
    logging.disable(logging.WARNING)
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    keywords = {
        word: key for key, c in lexicon.categories().items() for t in c.topics for word in (*t.objects, *t.signs)
    }
    engine = create_engine(f"sqlite:///{file}")

    @event.listens_for(engine, "connect")
    def durable(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    SQLModel.metadata.create_all(engine, tables=[PlainCase.__table__, PlainLetter.__table__])  # type: ignore[attr-defined]

    async def hear(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        if message is None or not message.text:
            return
        found = next((keywords[word] for word in jieba.lcut(message.text) if word in keywords), None)
        if found is None:
            return
        with Session(engine) as session:
            case = PlainCase(chat=message.chat_id, text=message.text, category=found)
            session.add(case)
            session.commit()
            texts = ["👀", f"#{case.id} {found}", f"#{case.id} {message.text}"]
            letters = [PlainLetter(case_id=case.id or 0, text=text) for text in texts]
            session.add_all(letters)
            session.commit()
            await message.set_reaction(texts[0])
            await message.reply_text(texts[1])
            await context.bot.send_message(worker_of(message.chat_id), texts[2])
            for letter in letters:
                letter.sent = True
            session.commit()

    app = Application.builder().token(TOKEN).base_url(base_url).build()
    app.add_handler(MessageHandler(filters.TEXT, hear))
    app.run_polling(drop_pending_updates=False, allowed_updates=["message"])


if __name__ == "__main__":
    main(*sys.argv[1:])

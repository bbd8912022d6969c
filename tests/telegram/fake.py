# ruff: noqa: ARG002 (what Telegram takes, the fake need not use)
"""A strict Bot API on loopback: real HTTP, Telegram's limits and refusals, and faults on demand.

Written from https://core.telegram.org/bots/api; the descriptions of errors are what the public servers answer.
"""

import json
import re
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote
from urllib.request import Request, urlopen

from shelf import LARGEST_DOWN, LARGEST_PHOTO, LARGEST_UP, Kept, Shelf, Thing, Upload, form, photo
from telegram.constants import ReactionEmoji

TOKEN = "100200300:AAF-a_token_that_must_never_be_logged"
BOT_ID = 100200300
USERNAME = "xiaoge_bot"
REACTIONS = {str(emoji) for emoji in ReactionEmoji}
SENDS = {
    "sendmessage", "sendphoto", "sendvideo", "sendvoice", "senddocument", "sendlocation", "sendmediagroup",
    "editmessagetext", "editmessagecaption",
}  # what Telegram counts  # fmt: skip
ANY = "any method"
DOWNLOAD = "download"  # what a file's address is called among the methods

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 (what happened)
    def __init__(self, code: int, description: str, page: str = "", **parameters: int) -> None:
        super().__init__(description)
        self.page = page  # said in the place of JSON
        self.answer: Json = {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.answer["parameters"] = parameters


class Dropped(Exception):  # noqa: N818
    """The connection closes without an answer."""


def bad(description: str, **parameters: int) -> NoReturn:
    raise Refused(400, f"Bad Request: {description}", **parameters)


@dataclass
class Posted:
    """One message as a chat shows it."""

    id: int
    chat: int
    author: Json
    text: str
    payload: Json
    by_us: bool = False
    buttons: list[list[Json]] = field(default_factory=list)
    reply_to: int | None = None
    topic: int | None = None
    reactions: list[str] = field(default_factory=list)
    edited: int = 0
    deleted: bool = False
    file: Kept | None = None
    album: str = ""
    pinned: bool = False

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]


@dataclass
class Fault:
    """What happens to the next call of a method (in a chat): an answer, half of one, no answer, silence until freed."""

    chat: int | None = None
    refusal: Refused | None = None
    done: bool = False  # the call takes effect, only its answer is lost
    hold: threading.Event | None = None
    cut: bool = False  # it takes effect, its answer ends in the middle


class FakeTelegram:
    """People and groups are named; `says`, `tells`, `presses` make updates, `sees` shows what the bot made of them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.ids: dict[str, int] = {}
        self.titles: dict[int, str] = {}
        self.posted: dict[int, list[Posted]] = defaultdict(list)
        self.reached: set[int] = set()  # people who wrote to the bot alone
        self.blocked: set[int] = set()  # people who stopped it, groups that threw it out
        self.moved: dict[int, int] = {}
        self.shelf = Shelf()
        self.topics: dict[int, set[int]] = defaultdict(set)
        self.administered: set[int] = set()  # groups the bot is administrator of
        self.restricted: set[int] = set()  # groups without reactions
        self.updates: deque[Json] = deque()
        self.presses_open: dict[str, str | None] = {}  # waiting for their answer
        self.toasts: dict[str, str | None] = {}
        self.menus: dict[tuple[str, str], list[Json]] = {}
        self.calls: list[tuple[str, Json]] = []
        self.floods = 0
        self.limits = False
        self.webhook = ""
        self.secret = ""
        self.webhook_answers: list[int] = []
        self.hears_all = True
        self.changed = threading.Condition(threading.RLock())
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._polls = 0
        self._busy = 0
        self._update_id = 500_000
        self._press = 9_000
        self._albums = 13_000
        self._sent: dict[int, deque[float]] = defaultdict(deque)
        self._allowed: set[str] | None = None
        self._closed = False
        self._unplugged = False
        self.problems: list[Exception] = []  # mistakes of the fake itself
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/bot"

    def close(self) -> None:
        with self.changed:
            self._closed = True
            for faults in self._faults.values():
                for fault in faults:
                    if fault.hold:
                        fault.hold.set()
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # -- people -----------------------------------------------------------------------------------------------

    def id(self, name: str) -> int:
        """Of a person, or of a group if the name ends in 群."""
        if name not in self.ids:
            number = len(self.ids) + 1
            self.ids[name] = -1_000_000 - number if name.endswith("群") else 1_000 + number
            self.titles[self.ids[name]] = name
        return self.ids[name]

    def address(self, name: str) -> str:
        return f"telegram:main:{self.id(name)}"

    def user(self, name: str) -> Json:
        return {"id": self.id(name), "is_bot": False, "first_name": name, "language_code": "zh-hans"}

    def says(
        self,
        person: str,
        where: str,
        text: str,
        *,
        to: Posted | None = None,
        photos: int = 0,
        file: Thing | None = None,
        topic: int | None = None,
        **more: Any,
    ) -> Posted:
        """A message brings one `file`, or a photo that does not matter. `more` goes into the payload as it is."""
        with self.changed:
            payload = self._payload(self.id(where), self.user(person), topic)
            thing = file or (photo() if photos else None)
            brought = self.shelf.put(thing) if thing else None
            payload.update(brought.payload if brought else {})
            payload.update(_said(text, captions=brought is not None))
            if to:
                payload["reply_to_message"] = self._shown(to)
            elif topic:  # as Telegram does: the topic's first message
                payload["reply_to_message"] = {**self._payload(self.id(where), self.user(person)), "message_id": topic}
            payload.update(more)
            post = Posted(
                payload["message_id"], payload["chat"]["id"], payload["from"], text, payload,
                reply_to=to.id if to else None, topic=topic, file=brought,
            )  # fmt: skip
            self.posted[post.chat].append(post)
            self.updates_with("message", payload)
            return post

    def tells(self, person: str, text: str, *, to: Posted | None = None, photos: int = 0, **more: Any) -> Posted:
        """To the bot alone."""
        self.reached.add(self.id(person))
        return self.says(person, person, text, to=to, photos=photos, **more)

    def album(
        self, person: str, where: str, things: Sequence[Thing | bytes], *, caption: str = "", caption_on: int = 0,
        **more: Any,
    ) -> list[Posted]:  # fmt: skip
        """A message each, and an update each; bytes are a photo's."""
        with self.changed:
            self._albums += 1
            return [
                self.says(
                    person, where, caption if number == caption_on else "",
                    file=photo(thing) if isinstance(thing, bytes) else thing,
                    media_group_id=str(self._albums), **more,
                )
                for number, thing in enumerate(things)
            ]  # fmt: skip

    def edits(self, post: Posted, text: str, **more: Any) -> None:
        """Its author gives it other words, or moves a live location: `more` goes into the payload."""
        with self.changed:
            words = {"text", "caption", "entities", "caption_entities"}
            post.payload = {key: value for key, value in post.payload.items() if key not in words}
            post.payload |= {**_said(text, captions=post.file is not None), "edit_date": int(self.now().timestamp())}
            post.payload |= more
            post.text, post.edited = text, post.edited + 1
            self.updates_with("edited_message", post.payload)

    def presses(self, person: str, label: str, *, at: str | None = None, about: str = "") -> str:
        """A button of the newest message that has it; returns the press, for `toast`."""
        with self.changed:
            posts = [post for post in self.sees(at or person) if label in post.labels and about in post.text]
            assert posts, f"no button {label} among {[post.labels for post in self.sees(at or person)]}"
            post = posts[-1]
            data = next(b["callback_data"] for row in post.buttons for b in row if b["text"] == label)
            self._press += 1
            press = str(self._press)
            self.presses_open[press] = None
            shown = self._shown(post)
            if post.reply_to and (original := self.find(post.chat, post.reply_to)):
                shown["reply_to_message"] = self._shown(original)
            self.updates_with(
                "callback_query",
                {"id": press, "from": self.user(person), "message": shown, "chat_instance": "1", "data": data},
            )
            return press

    def becomes_supergroup(self, group: str) -> int:
        """Its id changes and every message is known by another."""
        with self.changed:
            old = self.id(group)
            new = old - 1_000_000_000
            self.moved[old] = new
            self.ids[group], self.titles[new] = new, group
            service = self._payload(old, self.user(group.removesuffix("群")))
            self.updates_with("message", {**service, "migrate_to_chat_id": new})
            arrived = self._payload(new, self.user(group.removesuffix("群")))
            self.updates_with("message", {**arrived, "migrate_from_chat_id": old})
            return new

    def stands(self, person: str, where: str, status: str, before: str = "member") -> None:
        """Somebody changed what the bot is in a chat: member, administrator, left, kicked."""
        with self.changed:
            chat = self.id(where)
            out = status in {"left", "kicked"}
            (self.blocked.add if out else self.blocked.discard)(chat)
            (self.administered.add if status == "administrator" else self.administered.discard)(chat)
            payload = self._payload(chat, self.user(person))
            change = {"chat": payload["chat"], "from": payload["from"], "date": payload["date"]}
            old, new = ({"status": one, "user": self._us()} for one in (before, status))
            self.updates_with("my_chat_member", {**change, "old_chat_member": old, "new_chat_member": new})

    def reacts(self, person: str, post: Posted, emoji: str = "👍", *, taken_back: bool = False) -> None:
        """Told only where the bot is administrator."""
        with self.changed:
            payload = self._payload(post.chat, self.user(person))
            shown = [{"type": "emoji", "emoji": emoji}]
            change = {
                "chat": payload["chat"], "message_id": post.id, "user": payload["from"], "date": payload["date"],
                "old_reaction": shown if taken_back else [], "new_reaction": [] if taken_back else shown,
            }  # fmt: skip
            if post.chat in self.administered:
                self.updates_with("message_reaction", change)

    def updates_with(self, kind: str, payload: Json) -> int:
        """Puts an update into the queue, unless the bot said it does not want this kind."""
        with self.changed:
            self._update_id += 1
            if self._allowed is None or kind in self._allowed:
                self.updates.append({"update_id": self._update_id, kind: payload})
                self.changed.notify_all()
            return self._update_id

    # -- what they see ----------------------------------------------------------------------------------------

    def sees(self, where: str) -> list[Posted]:
        """The bot's messages that are still there."""
        with self.changed:
            return [post for post in self.posted[self.id(where)] if post.by_us and not post.deleted]

    def texts(self, where: str) -> list[str]:
        return [post.text for post in self.sees(where)]

    def find(self, chat: int, message: int) -> Posted | None:
        return next((p for p in self.posted[chat] if p.id == message and not p.deleted), None)

    @property
    def idle(self) -> bool:
        """Everything said is acknowledged, every press answered, no call under way but the long poll."""
        with self.changed:
            return not (self.updates or self.presses_open or self._busy)

    def called(self, method: str) -> list[Json]:
        return [parameters for name, parameters in self.calls if name == method.casefold()]

    # -- faults -----------------------------------------------------------------------------------------------

    def fails(
        self, method: str, code: int, description: str = "", *, at: str = "", times: int = 1, page: str = "",
        **more: int,
    ) -> None:  # fmt: skip
        """The next calls are refused, for example 429 with retry_after=3, or 502; with `page` by a proxy."""
        text = description or {429: f"Too Many Requests: retry after {more.get('retry_after')}"}.get(
            code, "Bad Gateway"
        )
        self._faults[method.casefold()] += [
            Fault(self.id(at) if at else None, Refused(code, text, page, **more))
        ] * times

    def cuts(self, method: str) -> None:
        """The next answer ends in the middle."""
        self._faults[method.casefold()].append(Fault(cut=True))

    def drops(self, method: str, *, times: int = 1, done: bool = False) -> None:
        """The connection closes; with `done` after the call took effect."""
        self._faults[method.casefold()] += [Fault(done=done)] * times

    @contextmanager
    def hangs(self, method: str, *, at: str = "", times: int = 1, done: bool = False) -> Iterator[None]:
        """The next calls are answered only after the block; with `done` they take effect at once."""
        hold = threading.Event()
        self._faults[method.casefold()] += [Fault(self.id(at) if at else None, hold=hold, done=done)] * times
        try:
            yield
        finally:
            hold.set()

    @contextmanager
    def out_of_reach(self) -> Iterator[None]:
        """No cable: open connections break, new ones are refused. What people say waits on the servers."""
        address = self._server.server_address
        with self.changed:
            self._unplugged = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        with socket.socket() as place:  # bound, so that nobody else takes it, but not listening
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(address)
            try:
                yield
            finally:
                self._unplugged = False
        self._server = _Server(address, _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def again(self, update: Json) -> None:
        """An update is delivered once more, though it was acknowledged."""
        with self.changed:
            self.updates.append(update)
            self.changed.notify_all()

    def heals(self) -> None:
        self._faults.clear()

    # -- the server -------------------------------------------------------------------------------------------

    def answer(self, token: str, method: str, parameters: Json) -> Json:
        name = method.casefold()
        polls = name == "getupdates"
        with self.changed:
            if self._unplugged:
                raise Dropped
            if token != TOKEN:
                raise Refused(401, "Unauthorized")
            handler = getattr(self, f"_do_{name}", None)
            if handler is None:
                raise Refused(404, "Not Found")
            self.calls.append((name, parameters))
            self._busy += not polls
        try:
            fault = self._struck(name, parameters)
            with self.changed:
                if self.limits and name in SENDS:
                    self._flood(int(parameters["chat_id"]))
                result = handler(**parameters)
            if fault and fault.hold:
                fault.hold.wait(30)
            elif fault and fault.done:
                raise Dropped
            if fault and fault.cut:
                return {"ok": True, "result": result, "cut": True}
            return {"ok": True, "result": result}  # noqa: TRY300
        except TypeError as wrong:
            raise Refused(400, f"Bad Request: {wrong}") from None
        finally:
            with self.changed:
                self._busy -= not polls
                self.changed.notify_all()

    def download(self, token: str, path: str) -> tuple[bytes, bool]:
        """What lies at a file's address, and whether the connection breaks in the middle of it."""
        with self.changed:
            if token != TOKEN:
                raise Refused(401, "Unauthorized")
            self.calls.append((DOWNLOAD, {"path": path}))
            self._busy += 1
        try:
            fault = self._struck(DOWNLOAD, {})
            kept = self.shelf.at(path)
            if kept is None:
                raise Refused(404, "Not Found")
            if fault and fault.done:
                raise Dropped
            return kept.content, bool(fault and fault.cut)
        finally:
            with self.changed:
                self._busy -= 1
                self.changed.notify_all()

    def _struck(self, name: str, parameters: Json) -> Fault | None:
        """A fault that goes on after the call took effect, or none; the others happen here."""
        fault = self._fault(name, parameters)
        if fault and fault.hold:
            fault.hold.wait(0 if fault.done else 30)
        elif fault and fault.refusal:
            raise fault.refusal
        elif fault and not (fault.done or fault.cut):
            raise Dropped
        return fault

    def _fault(self, name: str, parameters: Json) -> Fault | None:
        with self.changed:
            for key in (name, ANY):
                for fault in self._faults[key]:
                    if fault.chat is None or str(fault.chat) == parameters.get("chat_id"):
                        self._faults[key].remove(fault)
                        return fault
        return None

    def _flood(self, chat: int) -> None:
        """1/s per chat, 20/min per group, 30/s overall."""
        at = time.monotonic()
        for key, most, span in ((chat, 1, 1.0), (0, 30, 1.0), (chat, 20, 60.0)):
            if span == 60.0 and chat > 0:
                continue
            lately = [moment for moment in self._sent[key] if at - moment < span]
            if len(lately) >= most:
                self.floods += 1
                wait = int(span - (at - lately[-most])) + 1
                raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        for key in (chat, 0):
            self._sent[key].append(at)

    # -- methods ----------------------------------------------------------------------------------------------

    def _do_getme(self) -> Json:
        return {
            "id": BOT_ID, "is_bot": True, "first_name": "小格", "username": USERNAME, "can_join_groups": True,
            "can_read_all_group_messages": self.hears_all, "supports_inline_queries": False,
            "can_connect_to_business": False, "has_main_web_app": False, "has_topics_enabled": False,
            "allows_users_to_create_topics": False, "can_manage_bots": False,
        }  # fmt: skip

    def _do_getupdates(
        self, offset: str = "0", limit: str = "100", timeout: str = "0", allowed_updates: str = "null"
    ) -> list[Json]:
        if self.webhook:
            raise Refused(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                "webhook first",
            )  # fmt: skip
        if (allowed := json.loads(allowed_updates)) is not None:
            self._allowed = set(allowed)
        self._polls += 1
        mine, until = self._polls, time.monotonic() + min(float(timeout), 50)
        self.changed.notify_all()
        while self.updates and self.updates[0]["update_id"] < int(offset):
            self.updates.popleft()
        while True:
            if mine != self._polls:
                raise Refused(
                    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
                    "running",
                )  # fmt: skip
            if self._unplugged:
                raise Dropped
            left = until - time.monotonic()
            if self.updates or left <= 0 or self._closed:
                return list(self.updates)[: int(limit)]
            self.changed.wait(left)

    def _do_deletewebhook(self, drop_pending_updates: str = "false") -> bool:
        self.webhook = ""
        if drop_pending_updates == "true":
            self.updates.clear()
        return True

    def _do_setwebhook(
        self, url: str, secret_token: str = "", allowed_updates: str = "null", max_connections: str = "40"
    ) -> bool:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret_token):
            bad("secret token contains unallowed characters")
        if (allowed := json.loads(allowed_updates)) is not None:
            self._allowed = set(allowed)
        first = not self.webhook
        self.webhook, self.secret = url, secret_token
        if first:
            threading.Thread(target=self._deliver, daemon=True).start()
        return True

    def _deliver(self) -> None:
        """Calls the webhook, one call a chat at a time, again and again until it says 200."""
        under_way: set[int] = set()

        def call(update: Json, chat: int) -> None:
            request = Request(
                self.webhook, json.dumps(update).encode(), {
                    "Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": self.secret,
                },
            )  # fmt: skip
            try:
                with urlopen(request, timeout=30) as response:
                    status = response.status
            except HTTPError as refused:
                status = refused.code
                refused.close()
            except OSError:
                status = 0
            with self.changed:
                self.webhook_answers.append(status)
                if status == 200:
                    self.updates.remove(update)
                under_way.discard(chat)
                self.changed.notify_all()

        with self.changed:
            while self.webhook and not self._closed:
                for update in list(self.updates):
                    what = next(value for key, value in update.items() if key != "update_id")
                    chat = what.get("message", what)["chat"]["id"]
                    if chat not in under_way:
                        under_way.add(chat)
                        threading.Thread(target=call, args=(update, chat), daemon=True).start()
                self.changed.wait(0.05)

    def _do_getfile(self, file_id: str) -> Json:
        kept = self.shelf.known(file_id)
        if kept is None:
            bad("invalid file_id")
        if kept.size > LARGEST_DOWN:
            bad("file is too big")
        return {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": kept.size, "file_path": kept.path}

    def _do_sendmessage(self, chat_id: str, text: str = "", link_preview_options: str = "{}", **where: str) -> Json:
        chat = self._writable(chat_id)
        _check_text(text)
        return self._shown(self._put_up(chat, text, None, **where))

    def _do_sendphoto(self, chat_id: str, photo: str | Upload, caption: str = "", **where: str) -> Json:
        return self._bring(chat_id, "photo", photo, caption, **where)

    def _do_sendvideo(self, chat_id: str, video: str | Upload, caption: str = "", **where: str) -> Json:
        return self._bring(chat_id, "video", video, caption, **where)

    def _do_sendvoice(self, chat_id: str, voice: str | Upload, caption: str = "", **where: str) -> Json:
        return self._bring(chat_id, "voice", voice, caption, **where)

    def _do_senddocument(self, chat_id: str, document: str | Upload, caption: str = "", **where: str) -> Json:
        return self._bring(chat_id, "document", document, caption, **where)

    def _do_sendlocation(self, chat_id: str, latitude: str, longitude: str, **where: str) -> Json:
        chat = self._writable(chat_id)
        place = self.shelf.put(Thing("location", place=(float(latitude), float(longitude))))
        return self._shown(self._put_up(chat, "", place, **where))

    def _do_sendmediagroup(
        self, chat_id: str, media: str, message_thread_id: str = "", reply_parameters: str = "{}",
        **attached: Upload,
    ) -> list[Json]:  # fmt: skip
        """Shown together; no buttons. All of it arrives, or nothing."""
        chat = self._writable(chat_id)
        if odd := [name for name, part in attached.items() if not isinstance(part, Upload)]:
            bad(f"an album takes no {odd}")
        wanted = json.loads(media)
        if not 2 <= len(wanted) <= 10:
            bad("too many messages to send as an album" if wanted[2:] else "too few messages to send as an album")
        kinds = {one["type"] for one in wanted}
        if not (kinds <= {"photo", "video"} or kinds in ({"document"}, {"audio"})):
            bad("Document can't be mixed with other media types")
        found = []
        for number, one in enumerate(wanted, start=1):
            file = one["media"]
            try:
                kept = self._taken(one["type"], attached[file[9:]] if file.startswith("attach://") else file)
                if kept.kind != one["type"]:
                    bad("MEDIA_INVALID")
            except Refused as refused:
                words = refused.answer["description"].removeprefix("Bad Request: ")
                bad(f'failed to send message #{number} with the error message "{words}"')
            _check_caption(one.get("caption", ""))
            found.append((kept, one.get("caption", "")))
        self._albums += 1
        where = {"message_thread_id": message_thread_id, "reply_parameters": reply_parameters}
        return [self._shown(self._put_up(chat, words, kept, album=str(self._albums), **where)) for kept, words in found]

    def _bring(self, chat_id: str, kind: str, file: str | Upload, caption: str, **where: str) -> Json:
        chat = self._writable(chat_id)
        kept = self._taken(kind, file)
        _check_caption(caption)
        return self._shown(self._put_up(chat, caption, kept, **where))

    def _taken(self, kind: str, file: str | Upload) -> Kept:
        """An upload, or a file known by its id: a photo only as a photo, all else as whatever it is."""
        if isinstance(file, Upload):
            _check_upload(kind, file.content)
            return self.shelf.put(Thing(kind, file.content, file.name))
        kept = self.shelf.known(file)
        if kept is None:
            bad("wrong file identifier/HTTP URL specified")
        if (kept.kind == "photo") != (kind == "photo"):
            bad(f"can't use file of type {kept.kind.title()} as {kind.title()}")
        return kept

    def _put_up(
        self,
        chat: int,
        text: str,
        file: Kept | None,
        *,
        album: str = "",
        message_thread_id: str = "",
        reply_markup: str = "{}",
        reply_parameters: str = "{}",
        disable_notification: str = "false",
    ) -> Posted:
        """Anything new of ours."""
        quoted = json.loads(reply_parameters)
        original = self.find(chat, quoted["message_id"]) if quoted else None
        if quoted and original is None and not quoted.get("allow_sending_without_reply"):
            bad("message to be replied not found")
        topic = int(message_thread_id) if message_thread_id else None
        if topic is not None and topic not in self.topics[chat]:
            bad("message thread not found")
        topic = topic or (original.topic if original else None)
        payload = self._payload(chat, self._us(), topic)
        payload |= {"media_group_id": album} if album else {}
        if original:
            payload["reply_to_message"] = self._shown(original)
        post = Posted(
            payload["message_id"], chat, self._us(), text, payload, by_us=True, buttons=_buttons(reply_markup),
            reply_to=original.id if original else None, topic=topic, file=file, album=album,
        )  # fmt: skip
        self.posted[chat].append(post)
        return post

    def _do_editmessagetext(
        self, chat_id: str, message_id: str, text: str = "", reply_markup: str = "{}", link_preview_options: str = "{}"
    ) -> Json:
        post = self._ours(chat_id, message_id)
        _check_text(text)
        if post.file:
            bad("there is no text in the message to edit")
        return self._change(post, text, reply_markup)

    def _do_editmessagecaption(
        self, chat_id: str, message_id: str, caption: str = "", reply_markup: str = "{}"
    ) -> Json:
        post = self._ours(chat_id, message_id)
        _check_caption(caption)
        if post.file is None or post.file.kind == "location":
            bad("there is no caption in the message to edit")
        return self._change(post, caption, reply_markup)

    def _ours(self, chat_id: str, message_id: str) -> Posted:
        post = self.find(self._writable(chat_id), int(message_id))
        if post is None:
            bad("message to edit not found")
        if not post.by_us:
            bad("message can't be edited")
        return post

    def _change(self, post: Posted, text: str, reply_markup: str) -> Json:
        buttons = _buttons(reply_markup)
        if (post.text, post.buttons) == (text, buttons):
            bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        post.text, post.buttons, post.edited = text, buttons, post.edited + 1
        return self._shown(post)

    def _do_pinchatmessage(self, chat_id: str, message_id: str, disable_notification: str = "false") -> bool:
        """In a group a right of administrators."""
        chat = self._writable(chat_id)
        if chat < 0 and chat not in self.administered:
            bad("not enough rights to manage pinned messages in the chat")
        post = self.find(chat, int(message_id))
        if post is None:
            bad("message to pin not found")
        post.pinned = True
        return True

    def _do_deletemessage(self, chat_id: str, message_id: str) -> bool:
        post = self.find(self._writable(chat_id), int(message_id))
        if post is None:
            bad("message to delete not found")
        post.deleted = True
        return True

    def _do_setmessagereaction(self, chat_id: str, message_id: str, reaction: str = "[]") -> bool:
        chat = self._writable(chat_id)
        wanted = [one["emoji"] for one in json.loads(reaction)]
        post = self.find(chat, int(message_id))
        if post is None:
            bad("message to react not found")
        if not set(wanted) <= REACTIONS or chat in self.restricted or len(wanted) > 1:
            bad("REACTION_INVALID")
        post.reactions = wanted
        return True

    def _do_answercallbackquery(self, callback_query_id: str, text: str = "", show_alert: str = "false") -> bool:
        if callback_query_id not in self.presses_open:
            bad("query is too old and response timeout expired or query ID is invalid")
        if len(text) > 200:
            bad("MESSAGE_TOO_LONG")
        del self.presses_open[callback_query_id]
        self.toasts[callback_query_id] = text or None
        return True

    def _do_setmycommands(self, commands: str, scope: str = '{"type": "default"}', language_code: str = "") -> bool:
        listed = json.loads(commands)
        for one in listed:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]):
                bad("BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= 256:
                bad("BOT_COMMAND_DESCRIPTION_INVALID")
        target = json.loads(scope).get("chat_id")
        if target is not None and target not in self.reached:
            bad("chat not found")
        if len(listed) > 100:
            bad("BOT_COMMANDS_TOO_MUCH")
        self.menus[json.dumps(json.loads(scope), sort_keys=True), language_code] = listed
        return True

    def _do_deletemycommands(self, scope: str = '{"type": "default"}', language_code: str = "") -> bool:
        self.menus.pop((json.dumps(json.loads(scope), sort_keys=True), language_code), None)
        return True

    def menu(self, person: str = "") -> list[str]:
        """The commands a person is shown, or everybody."""
        scope = {"type": "chat", "chat_id": self.id(person)} if person else {"type": "default"}
        return [one["command"] for one in self.menus.get((json.dumps(scope, sort_keys=True), ""), [])]

    def _do_getchatmember(self, chat_id: str, user_id: str) -> Json:
        chat = self._writable(chat_id)
        if int(user_id) != BOT_ID:
            return {"status": "member", "user": {"id": int(user_id), "is_bot": False, "first_name": ""}}
        if chat not in self.administered:
            return {"status": "member", "user": self._us()}
        rights = (
            "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
            "can_restrict_members can_promote_members "
            "can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
        )
        return {"status": "administrator", "user": self._us(), **dict.fromkeys(rights.split(), False)}

    # -- pieces -----------------------------------------------------------------------------------------------

    def _writable(self, chat_id: str) -> int:
        chat = int(chat_id)
        if chat in self.moved:
            bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.moved[chat])
        if chat not in self.titles:
            bad("chat not found")
        if chat in self.blocked:
            raise Refused(
                403,
                "Forbidden: bot was blocked by the user"
                if chat > 0
                else "Forbidden: bot was kicked from the group chat",
            )
        if chat > 0 and chat not in self.reached:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    @staticmethod
    def _us() -> Json:
        return {"id": BOT_ID, "is_bot": True, "first_name": "小格", "username": USERNAME}

    def _payload(self, chat: int, author: Json, topic: int | None = None) -> Json:
        number = 1 + max((post.id for posts in self.posted.values() for post in posts), default=0)
        title = self.titles[chat]
        kind = {"type": "private", "first_name": title} if chat > 0 else {"type": "supergroup", "title": title}
        payload: Json = {
            "message_id": number,
            "date": int(self.now().timestamp()),
            "chat": {"id": chat, **kind},
            "from": author,
        }
        return {**payload, "message_thread_id": topic, "is_topic_message": True} if topic else payload

    @staticmethod
    def _shown(post: Posted) -> Json:
        """As quoted: without what the message itself replies to."""
        shown = {key: value for key, value in post.payload.items() if key != "reply_to_message"}
        if post.by_us:
            shown |= {**(post.file.payload if post.file else {}), **_said(post.text, captions=post.file is not None)}
        if post.buttons:
            shown["reply_markup"] = {"inline_keyboard": post.buttons}
        return shown


def _check_upload(kind: str, content: bytes) -> None:
    if not content:
        bad("file must be non-empty")
    if len(content) > LARGEST_UP:
        raise Refused(413, "Request Entity Too Large")
    if kind != "photo":
        return
    if len(content) > LARGEST_PHOTO:
        bad(f"file of size {len(content)} bytes is too big for a photo; the maximum size is {LARGEST_PHOTO} bytes")
    if not content.startswith((b"\xff\xd8", b"\x89PNG")):
        bad("IMAGE_PROCESS_FAILED")


def _check_caption(text: str) -> None:
    if len(text.encode("utf-16-le")) // 2 > 1024:
        bad("message caption is too long")


def _check_text(text: str) -> None:
    if not text.strip():
        bad("message text is empty")
    if len(text.encode("utf-16-le")) // 2 > 4096:
        bad("message is too long")


def _buttons(markup: str) -> list[list[Json]]:
    rows = json.loads(markup).get("inline_keyboard", [])
    for row in rows:
        for button in row:
            if not 1 <= len(button["callback_data"].encode()) <= 64:
                bad("BUTTON_DATA_INVALID")
            if not button["text"].strip() or len(row) > 8:
                bad("BUTTON_INVALID")
    return rows


def _said(text: str, *, captions: bool) -> Json:
    """The words of a message, or of what it brings."""
    if not text:
        return {}
    said: Json = {"caption" if captions else "text": text}
    if entities := _entities(text):
        said["caption_entities" if captions else "entities"] = entities
    return said


def _entities(text: str) -> list[Json]:
    """Mentions and commands, counted in UTF-16 code units."""
    found = []
    for pattern, kind in ((r"(?<!\w)@\w+", "mention"), (r"(?<!\S)/[a-z0-9_]+(@\w+)?", "bot_command")):
        for match in re.finditer(pattern, text, re.ASCII):
            offset = len(text[: match.start()].encode("utf-16-le")) // 2
            found.append({"type": kind, "offset": offset, "length": len(match[0])})
    return sorted(found, key=lambda entity: entity["offset"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(fake: FakeTelegram) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _, token, method = self.path.split("/", 2)
            kind = self.headers.get("Content-Type", "")
            if "json" in kind:
                parameters = json.loads(body)
            elif kind.startswith("multipart/"):
                parameters = form(kind, body)
            else:
                parameters = {key: values[-1] for key, values in parse_qs(body.decode(), True).items()}
            try:
                code, answer = 200, fake.answer(token.removeprefix("bot"), method, parameters)
            except Refused as refused:
                self._refuse(refused)
                return
            except (ArithmeticError, AttributeError, LookupError, RuntimeError, ValueError) as problem:
                fake.problems.append(problem)
                code, answer = 500, {"ok": False, "error_code": 500, "description": "Internal Server Error"}
            except Dropped:
                self._hang_up()
                return
            payload = json.dumps(answer, ensure_ascii=False).encode()
            self._answer(code, payload[:-3] if answer.pop("cut", False) else payload)

        def do_GET(self) -> None:
            _, _, token, path = self.path.split("/", 3)
            try:
                content, cut = fake.download(token.removeprefix("bot"), unquote(path))
            except Refused as refused:
                self._refuse(refused)
            except Dropped:
                self._hang_up()
            else:
                self._answer(200, content, "application/octet-stream", cut=cut)

        def _refuse(self, refused: Refused) -> None:
            answer = json.dumps(refused.answer, ensure_ascii=False)
            self._answer(refused.answer["error_code"], (refused.page or answer).encode())

        def _answer(self, code: int, payload: bytes, kind: str = "application/json", *, cut: bool = False) -> None:
            try:
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload[: len(payload) // 2] if cut else payload)
                self.wfile.flush()
                if cut:
                    self._hang_up()
            except OSError:  # who asked has hung up
                self.close_connection = True

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    return Handler

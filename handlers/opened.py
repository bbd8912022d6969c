"""What a message knows of a case it has opened itself, so that none of it is read back."""

from dataclasses import dataclass, field

from storage.attachments import Attachment
from storage.events import Event
from storage.outbox import Letter, Purpose
from storage.people import Person
from storage.reports import Report


@dataclass
class Opened:
    """Whoever adds to such a case adds here as well. `letters` by card: a card not among them was never written."""

    history: list[Event]
    reports: list[tuple[Report, Person]] = field(default_factory=list)
    attached: list[Attachment] = field(default_factory=list)
    letters: dict[str, Letter] = field(default_factory=dict)

    def cards(self, purpose: Purpose) -> list[Letter]:
        return [letter for letter in self.letters.values() if letter.purpose == purpose]

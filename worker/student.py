"""A contact, as the course platform needs it."""

from __future__ import annotations

from contacts.errors import Unsendable
from contacts.jobs import Job
from contacts.store.cards import Card
from contacts.store.platform_links import Told
from worker.coursehost.passwords import password
from worker.platforms.connector import Student
from worker.workbench import Workbench


def student_of(job: Job, card: Card, link: Told | None, bench: Workbench) -> Student:
    """Who the contact is there.

    Raises:
        Unsendable: it has no email.
    """
    if not card.email:
        raise Unsendable("the platform knows people by their email", code="no-email")
    parts = (card.fields.get("first_name"), card.fields.get("last_name"))
    name = card.fields.get("name") or " ".join(str(part) for part in parts if part)
    return Student(
        email=card.email,
        name=str(name),
        key=link.key if link else "",
        password=password(bench.cipher, job.location, card.email),
    )

"""What the sync calls, by the functions that its deeds use, with values of every kind."""

from __future__ import annotations

from contacts.settings import V3
from worker.crm.client import Desk


def sync(desk: Desk, generation: str) -> None:
    """Make each call of the sync at least once."""
    email = f"ada.{generation}@example.org"
    ada = desk.create(
        {
            "email": email, "phone": "+12025550143", "first_name": "Ada", "last_name": "Byron",
            "name": "Ada Byron", "gender": "female", "date_of_birth": "1815-12-10",
            "address1": "12 Square", "city": "London", "state": "LDN", "postal_code": "W1",
            "country": "GB", "website": "https://example.org", "timezone": "Europe/London",
            "company_name": "Engines", "source": "course platform", "custom.level": "A",
            "custom.score": "7.5", "custom.topics": ["maths", "art"],
        },
        ["course: bread"],
    ).id  # fmt: skip
    desk.update(
        ada,
        {
            "city": "Rome",
            "website": "",
            "date_of_birth": "1815-12-11",
            "custom.score": "8",
            "custom.level": "",
        },
    )
    desk.get(ada)
    desk.find_either(email, "+12025550143")
    desk.find("phone", "+12025550199")
    desk.add_tags(ada, ["vip"])
    desk.remove_tags(ada, ["vip"])
    note = desk.create_note(ada, "Enrolled in Bread").id
    desk.update_note(ada, note, "Finished Bread")
    desk.notes(ada)
    desk.delete_note(ada, note)
    task = desk.create_task(ada, {"title": "Call", "due_at": 1.8e9, "completed": False}).id
    desk.update_task(ada, task, {"title": "Call again", "body": "before noon"})
    desk.complete_task(ada, task, completed=True)
    desk.tasks(ada)
    desk.search_tasks(title="Call")
    desk.delete_task(ada, task)
    desk.named(email)
    desk.search(desk.search(limit=1).cursor, newest=True)
    if generation != V3:
        desk.contacts(desk.contacts(limit=1).cursor)
    desk.location()
    desk.delete(ada)

"""Appointments of a contact: they can be read. People make them, see ``seeding``."""

from __future__ import annotations

from ops.simulator.calls import Answer, Call


def listed(call: Call) -> Answer:
    """``GET /contacts/{id}/appointments``: times are ``YYYY-MM-DD HH:mm:ss``, without a zone."""
    contact = call.contact()
    return 200, {
        "events": [
            {**one, "locationId": contact.location, "contactId": contact.id}
            for one in contact.ties.appointments
        ]
    }

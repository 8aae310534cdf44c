"""Tasks of contacts. As with notes, a repeated create makes a second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ops.simulator import bodies, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.contacts import succeeded
from ops.simulator.refusals import unknown_thing
from ops.simulator.world import Contact, Task

USUAL = 25
"""Rows of a search that asks for no number; the specification's default."""


def listed(call: Call) -> Answer:
    """``GET /contacts/{id}/tasks``: all of them, newest first."""
    contact = call.contact()
    return 200, {"tasks": [shapes.task(one, contact.id) for one in reversed(contact.tasks)]}


def create(call: Call) -> Answer:
    """``POST /contacts/{id}/tasks``: 201; title, dueDate and completed are needed."""
    body = bodies.parse(call.raw, bodies.TASK)
    contact = call.contact()
    made = Task(call.world.new_id(), call.world.now_ms(), values(body))
    call.world.put(replace(contact, tasks=(*contact.tasks, made)))
    return 201, {"task": shapes.task(made, contact.id)}


def get(call: Call) -> Answer:
    """``GET /contacts/{id}/tasks/{thing}``."""
    contact = call.contact()
    return 200, {"task": shapes.task(_this(call, contact), contact.id)}


def update(call: Call) -> Answer:
    """``PUT /contacts/{id}/tasks/{thing}``: what is not named stays."""
    return _changed(call, bodies.parse(call.raw, bodies.CHANGED_TASK))


def complete(call: Call) -> Answer:
    """``PUT /contacts/{id}/tasks/{thing}/completed``: completed, or open again."""
    return _changed(call, bodies.parse(call.raw, bodies.COMPLETED))


def delete(call: Call) -> Answer:
    """``DELETE /contacts/{id}/tasks/{thing}``."""
    contact = call.contact()
    gone = _this(call, contact)
    call.world.put(replace(contact, tasks=tuple(one for one in contact.tasks if one is not gone)))
    return 200, succeeded(call, both=True)


def search(call: Call) -> Answer:
    """``POST /locations/{id}/tasks/search``: of all contacts, newest first."""
    asked = bodies.parse(call.raw, bodies.TASK_SEARCH)
    location = call.location(call.id)
    found = [
        (one, contact.id)
        for contact in call.book(location.id).contacts.values()
        if not contact.deleted and contact.id in asked.get("contactId", [contact.id])
        for one in contact.tasks
        if _fits(one, asked)
    ]
    found.sort(key=lambda row: (row[0].added_ms, row[0].id), reverse=True)
    skip, limit = int(asked.get("skip", 0)), int(asked.get("limit", USUAL))
    page = found[skip : skip + min(limit, call.quirks.task_search_most)]
    return 200, {"tasks": [shapes.task(one, contact) for one, contact in page]}


def values(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as it is kept: the time in the CRM's own spelling."""
    kept = dict(body)
    if "dueDate" in kept:
        ms = bodies.when_ms(str(kept["dueDate"]))
        kept["dueDate"] = None if ms is None else shapes.instant(ms)
    return kept


def _fits(one: Task, asked: Mapping[str, Any]) -> bool:
    title = str(one.values.get("title", "")).lower()
    return (
        str(asked.get("query", "")).lower() in title
        and one.completed is asked.get("completed", one.completed)
        and one.values.get("assignedTo") in asked.get("assignedTo", [one.values.get("assignedTo")])
    )


def _changed(call: Call, body: Mapping[str, Any]) -> Answer:
    contact = call.contact()
    old = _this(call, contact)
    new = replace(old, values={**old.values, **values(body)})
    tasks = tuple(new if one is old else one for one in contact.tasks)
    call.world.put(replace(contact, tasks=tasks))
    return 200, {"task": shapes.task(new, contact.id)}


def _this(call: Call, contact: Contact) -> Task:
    for one in contact.tasks:
        if one.id == call.thing:
            return one
    raise unknown_thing("Task", call.thing)

"""Every table on one page. Times are seconds since the epoch (UTC), as floats.

Lanes and states are stored as ``contacts.jobs`` orders and names them. JSON columns hold cleaned
values by our field names.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()

_Id = BigInteger().with_variant(Integer, "sqlite")
_Json = JSON().with_variant(JSONB(), "postgresql")

RESTING: Final = "state IN ('waiting', 'parked', 'cancelled')"
"""A job that nobody holds. There is one for each kind, contact and subject: a new wish wakes it
instead of lying beside it."""

OPEN: Final = "state IN ('waiting', 'released')"

OPEN_ALIKE: Final = "state IN ('waiting', 'released') AND alike IS NOT NULL"
"""Open jobs that may be done together with others."""

locations = Table(
    "locations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text),
    Column("country", String(2)),
    Column("token", LargeBinary),
    Column("window_calls", Integer),
    Column("window_ms", Integer),
    Column("day_calls", Integer),
    Column("paused_until", Double),
    Column("pause_reason", Text),
    Column("fields_read_at", Double),
    Column("limits_seen", _Json),
    # Beside the pause of all lanes: the day's quota stops bulk for hours, a 429 all for 10 s.
    Column("bulk_paused_until", Double),
    Column("bulk_pause_reason", Text),
)

custom_fields = Table(
    "custom_fields",
    metadata,
    Column("location", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("data_type", String(32), nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("location", String(64), primary_key=True),
    # Only what differs from the table of fields, see contacts.policy.
    Column("rules", _Json, nullable=False),
    Column("kept_at", Double, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("location", String(64), nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("fields", _Json, nullable=False),
    Column("changed_at", Double, nullable=False),
    # When a source last changed a field, by field; one that is absent: not since it was made.
    Column("moved_at", _Json, nullable=False, server_default=text("'{}'")),
    # What a source last said of a field that the CRM has changed since: saying it again is no edit.
    Column("said", _Json, nullable=False, server_default=text("'{}'")),
    # The same of email and phone, to know a row of a source by them.
    Column("said_email", Text),
    Column("said_phone", Text),
    # When it was found deleted in the CRM: nothing is sent for it until it is there again.
    Column("gone_at", Double),
    Index("contacts_email", "location", "email", unique=True),
    Index("contacts_phone", "location", "phone", unique=True),
    Index("contacts_said_email", "location", "said_email"),
    Index("contacts_said_phone", "location", "said_phone"),
)

links = Table(
    "links",
    metadata,
    Column("contact", _Id, primary_key=True, autoincrement=False),
    Column("location", String(64), nullable=False),
    Column("remote_id", String(64), nullable=False),
    Column("agreed", _Json, nullable=False),
    Column("refused", _Json, nullable=False),
    # Values that were sent without an answer, by field.
    Column("unanswered", _Json, nullable=False, server_default=text("'{}'")),
    Column("settled_at", Double, nullable=False),
    # When the CRM was last told of tags.
    Column("tags_at", Double),
    Index("links_remote", "location", "remote_id", unique=True),
)

tags = Table(
    "tags",
    metadata,
    Column("contact", _Id, primary_key=True, autoincrement=False),
    Column("tag", Text, primary_key=True),
    Column("wanted", Boolean, nullable=False),
    # NULL: not known whether the CRM has it, so it has to be told.
    Column("agreed", Boolean),
    # What a source last said of it; NULL: none ever did.
    Column("said", Boolean),
)

notes = Table(
    "notes",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("remote_id", String(64)),
    Column("settled_at", Double),
    # When it was found deleted in the CRM.
    Column("gone_at", Double),
    # What a source last said under its key; NULL: the fingerprint is that of what it said.
    Column("said", String(16)),
    # When somebody here last changed it, after it was made.
    Column("moved_at", Double),
    # A fingerprint of the text that the CRM holds, where that is not ours.
    Column("shown", String(16)),
    # The CRM has to be told of another text, or that the note is deleted.
    Column("owed", Boolean, nullable=False, server_default=text("false")),
    # When somebody here deleted it.
    Column("deleted_at", Double),
    # It was first seen in the CRM.
    Column("theirs", Boolean, nullable=False, server_default=text("false")),
    # When our own write put the text there that the CRM holds; NULL: somebody there did, or nobody.
    Column("wrote_at", Double),
    # Fingerprints of the texts that it had, each with the time when that ended, newest last.
    Column("past", _Json, nullable=False, server_default=text("'[]'")),
    Index("notes_once", "contact", "fingerprint", unique=True),
)

doubts = Table(
    "doubts",
    metadata,
    Column("contact", _Id, primary_key=True, autoincrement=False),
    # contact, note or task, and our id of it.
    Column("what", String(8), primary_key=True),
    Column("thing", _Id, primary_key=True, autoincrement=False),
    # When a create whose answer was lost cannot take effect any more.
    Column("due_at", Double, nullable=False),
)

contact_tasks = Table(
    "contact_tasks",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    # A fingerprint of the key by which its source knows it; of one of theirs, of its id there.
    Column("key", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", Double),
    Column("completed", Boolean, nullable=False),
    # The id of a user of the CRM.
    Column("assigned_to", String(64)),
    Column("remote_id", String(64)),
    # What the CRM was last known to hold of these five; NULL: it never had the task.
    Column("agreed", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    # What a source last said: the same again is no edit.
    Column("said", _Json, nullable=False, server_default=text("'{}'")),
    # When somebody here last changed one of them, by name.
    Column("moved_at", _Json, nullable=False, server_default=text("'{}'")),
    Column("owed", Boolean, nullable=False, server_default=text("false")),
    Column("settled_at", Double),
    Column("gone_at", Double),
    Column("deleted_at", Double),
    Column("theirs", Boolean, nullable=False, server_default=text("false")),
    # Fingerprints of what it said while its first write was not answered.
    Column("past", _Json, nullable=False, server_default=text("'[]'")),
    # When a walk over the location's tasks last saw it.
    Column("walked_at", Double),
    Index("contact_tasks_once", "contact", "key", unique=True),
    Index("contact_tasks_remote", "remote_id"),
)

task_walks = Table(
    "task_walks",
    metadata,
    Column("location", String(64), primary_key=True),
    Column("started_at", Double, nullable=False),
)

# ---------------------------------------------------------------- rules

rulesets = Table(
    "rulesets",
    metadata,
    # A location without rules has no row: that is how a change knows that nobody watches.
    Column("location", String(64), primary_key=True),
    # JSON as text: a process keeps what it made of it for as long as it is the same.
    Column("rules", Text, nullable=False),
    Column("kept_at", Double, nullable=False),
)

rule_states = Table(
    "rule_states",
    metadata,
    # Only of contacts that changed since rules last looked at them.
    Column("contact", _Id, primary_key=True, autoincrement=False),
    # What was so when they did, see contacts.facts.
    Column("facts", _Json, nullable=False),
    # Changes that rules wished for and that were not seen yet: how deep in a chain, by mark.
    Column("ours", _Json, nullable=False),
    Column("at", Double, nullable=False),
)

firings = Table(
    "firings",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("location", String(64), nullable=False),
    Column("contact", _Id, nullable=False),
    Column("rule", Text, nullable=False),
    Column("cause", Text, nullable=False),
    # 1: something else than a rule set it off.
    Column("depth", SmallInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("job", _Id),
    # What it did, in words without personal data.
    Column("did", _Json, nullable=False),
    Index("firings_once", "contact", "rule", "cause", unique=True),
    Index("firings_of_rule", "location", "rule", "at"),
    Index("firings_at", "at"),
)

opportunities = Table(
    "opportunities",
    metadata,
    Column("location", String(64), primary_key=True),
    # The CRM's ids, as is the location's.
    Column("id", String(64), primary_key=True),
    Column("remote", _Id, nullable=False),
    Column("pipeline", String(64), nullable=False),
    Column("stage", String(64), nullable=False),
    # Of the event that told it, by the CRM's clock.
    Column("at", Double, nullable=False),
    Column("gone_at", Double),
    Index("opportunities_of_remote", "remote"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("location", String(64), nullable=False),
    Column("contact", _Id, nullable=False),
    Column("subject", _Id, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("run", _Id),
    Column("put_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("release", Integer, nullable=False, server_default=text("0")),
    # The first job of the message in which it was released last.
    Column("message", _Id),
    Column("lease_until", Double),
    Column("started_at", Double),
    Column("worker", Text),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("doubtful", Boolean, nullable=False, server_default=text("false")),
    Column("code", String(40)),
    Column("reason", Text),
    Column("settled_at", Double),
    # Jobs of one location that say the same can be done by one call, see contacts.store.alike.
    # What it was when the job was put; NULL: it is for itself.
    Column("alike", BigInteger),
    Index(
        "jobs_alike",
        "location",
        "alike",
        "id",
        postgresql_where=text(OPEN_ALIKE),
        sqlite_where=text(OPEN_ALIKE),
    ),
    Index(
        "jobs_key",
        "kind",
        "location",
        "contact",
        "subject",
        unique=True,
        postgresql_where=text(RESTING),
        sqlite_where=text(RESTING),
    ),
    # Never two released jobs of one contact: the database itself forbids it.
    Index(
        "jobs_one_at_a_time",
        "contact",
        unique=True,
        postgresql_where=text("state = 'released' AND contact <> 0"),
        sqlite_where=text("state = 'released' AND contact <> 0"),
    ),
    Index(
        "jobs_next",
        "location",
        "lane",
        "id",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index(
        "jobs_of_contact",
        "contact",
        "id",
        postgresql_where=text(OPEN),
        sqlite_where=text(OPEN),
    ),
    Index(
        "jobs_released",
        "lease_until",
        postgresql_where=text("state = 'released'"),
        sqlite_where=text("state = 'released'"),
    ),
    Index("jobs_run", "run", "state"),
    # An id is never given twice: a late message of a deleted job must not fit a new one.
    sqlite_autoincrement=True,
)

# Literals, not parameters: PostgreSQL uses a partial index only if it can read its condition.
WAITING: Final = text("jobs.state = 'waiting'")
RELEASED: Final = text("jobs.state = 'released'")
PARKED: Final = text("jobs.state = 'parked'")

runs = Table(
    "runs",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("location", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("read_at", Double),
    Column("finished_at", Double),
    Column("counts", _Json, nullable=False),
    # How it is found out who is in the CRM: see contacts.existence.Known; NULL: not asked.
    Column(
        "existence",
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
    ),
)

calls = Table(
    "calls",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("location", String(64), nullable=False),
    Column("operation", String(40), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("ms", Double, nullable=False),
    Column("job", _Id),
    Column("run", _Id),
    Column("trace", String(64)),
    # The process that made it, as ``processes.name``; NULL: before that was kept.
    Column("worker", String(200)),
    Index("calls_at", "at"),
    Index("calls_job", "job"),
    Index("calls_run", "run"),
)

shared_calls = Table(
    "shared_calls",
    metadata,
    # Jobs for which the call of another one was made too.
    Column("job", _Id, primary_key=True, autoincrement=False),
    Column("call", _Id, primary_key=True, autoincrement=False),
    Index("shared_calls_of", "call"),
)

checks = Table(
    "checks",
    metadata,
    Column("location", String(64), primary_key=True),
    # Which of the looks, see contacts.store.checks.
    Column("what", String(16), primary_key=True),
    Column("checked_at", Double, nullable=False),
    # What went wrong, as of a job, and a sentence; NULL: nothing.
    Column("code", String(40)),
    Column("said", Text),
    # What else was seen: counts and switches, nothing of anybody.
    Column("facts", _Json, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("slots", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)

ticks = Table(
    "ticks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Double, nullable=False),
    # The id of the tick that had it.
    Column("tick", String(80), nullable=False),
)

remotes = Table(
    "remotes",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("location", String(64), nullable=False),
    Column("remote_id", String(64), nullable=False),
    Index("remotes_named", "location", "remote_id", unique=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    # The CRM's webhookId: what was seen before is not done twice.
    Column("webhook", String(64), nullable=False, unique=True),
    Column("location", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("remote", _Id),
    Column("thing", String(64)),
    # By the CRM's clock; received_at is by ours.
    Column("at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    # Forgotten once it was acted upon; that is NULL, and not the null of JSON.
    Column("payload", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    Column("settled_at", Double),
    Column("outcome", String(16)),
    Index("webhooks_received", "received_at"),
    Index(
        "webhooks_waiting",
        "remote",
        postgresql_where=text("settled_at IS NULL"),
        sqlite_where=text("settled_at IS NULL"),
    ),
)

webhook_counts = Table(
    "webhook_counts",
    metadata,
    # Whole days since the epoch (UTC).
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("location", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("events", Integer, nullable=False),
    Column("last_at", Double, nullable=False),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    # By the CRM's clock where dated, else by ours.
    Column("at", Double, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("marks", _Json, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("sent", _Json, nullable=False),
    Column("heard", _Json, nullable=False),
    Column("seen_at", Double, nullable=False),
    Index("sightings_of_contact", "contact", "id"),
    Index("sightings_seen", "seen_at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    Column("what", String(16), nullable=False),
    # (before, after) by name; of a conflict (lost, kept, whose it was, what decided).
    Column("changes", _Json, nullable=False),
    Column("at", Double, nullable=False),
    Column("cause", Text),
    Column("job", _Id),
    Column("run", _Id),
    Index("timeline_of_contact", "contact", "id"),
    Index("timeline_at", "at"),
)

forgotten = Table(
    "forgotten",
    metadata,
    # A keyed hash of what a person was known by: it tells nothing to who has not the key.
    Column("mark", String(64), primary_key=True),
    Column("at", Double, nullable=False),
)

past_links = Table(
    "past_links",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    Column("location", String(64), nullable=False),
    Column("remote_id", String(64), nullable=False),
    Column("until", Double, nullable=False),
    Column("cause", String(32), nullable=False),
    Index("past_links_of_contact", "contact"),
    Index("past_links_remote", "location", "remote_id"),
)

# ---------------------------------------------------------------- walks over the CRM's contacts

walks = Table(
    "walks",
    metadata,
    Column("run", _Id, primary_key=True, autoincrement=False),
    Column("location", String(64), nullable=False),
    # Which list is read: see contacts.store.walks.Way.
    Column("way", String(16), nullable=False),
    # What is done next: see contacts.store.walks.Phase.
    Column("phase", String(16), nullable=False),
    # Where the next page begins: [milliseconds, the CRM's id]; NULL: at the beginning.
    Column("cursor", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    # Rows that were last changed before it are not looked at.
    Column("since", Double),
    Column("begun_at", Double, nullable=False),
    # How many contacts the CRM says there are: on the first page, and on the last one read.
    Column("first_total", Integer),
    Column("last_total", Integer),
    # Up to which contact of ours a step has come.
    Column("place", _Id, nullable=False, server_default=text("0")),
    # The fields that a row of this list has shown, by our names.
    Column("shown", _Json, nullable=False, server_default=text("'[]'")),
    Column("confirmed", Boolean, nullable=False, server_default=text("false")),
    Index("walks_of_location", "location", "run"),
)

pairs = Table(
    "pairs",
    metadata,
    # Of us, not linked; and which contact of the CRM it is, as a row of a list showed that did not
    # tell enough to link them: its push reads that one first.
    Column("contact", _Id, primary_key=True, autoincrement=False),
    Column("remote_id", String(64), nullable=False),
)

walk_seen = Table(
    "walk_seen",
    metadata,
    Column("run", _Id, primary_key=True, autoincrement=False),
    Column("remote_id", String(64), primary_key=True),
)

walk_findings = Table(
    "walk_findings",
    metadata,
    # What a run would do to many only after it was asked, see contacts.drift.Grave.
    Column("run", _Id, primary_key=True, autoincrement=False),
    Column("kind", String(40), primary_key=True),
    Column("contact", _Id, primary_key=True, autoincrement=False),
    Column("what", String(16), nullable=False),
    Column("remote_id", String(64)),
)

# ---------------------------------------------------------------- the course platform

platforms = Table(
    "platforms",
    metadata,
    Column("location", String(64), primary_key=True),
    # How to talk to it, as contacts.platforms writes it; never a secret.
    Column("config", _Json, nullable=False),
    # Its token or password, encrypted as the CRM's token is.
    Column("secret", LargeBinary),
    Column("kept_at", Double, nullable=False),
    Column("courses_read_at", Double),
)

courses = Table(
    "courses",
    metadata,
    Column("location", String(64), primary_key=True),
    Column("course", String(128), primary_key=True),
    Column("title", Text, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    Column("course", String(128), nullable=False),
    Column("title", Text),
    # Who said so: "us", or what the platform named, e.g. how it was paid.
    Column("source", Text, nullable=False),
    Column("at", Double, nullable=False),
    # NULL: the platform has still to be told.
    Column("settled_at", Double),
    Index("enrolments_once", "contact", "course", unique=True),
)

lists = Table(
    "lists",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("contact", _Id, nullable=False),
    Column("list", String(128), nullable=False),
    Column("wanted", Boolean, nullable=False),
    # NULL: the platform has still to be told, or cannot be.
    Column("agreed", Boolean),
    Column("at", Double, nullable=False),
    Index("lists_once", "contact", "list", unique=True),
)

platform_events = Table(
    "platform_events",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    # What was seen before is not done twice, see contacts.platform_events.
    Column("event", String(64), nullable=False, unique=True),
    Column("location", String(64), nullable=False),
    Column("type", String(20), nullable=False),
    Column("contact", _Id, nullable=False),
    Column("received_at", Double, nullable=False),
    # As it came: its unknown fields may be wanted later.
    Column("payload", _Json, nullable=False),
    Index("platform_events_of_contact", "contact", "id"),
    Index("platform_events_received", "received_at"),
)

platform_links = Table(
    "platform_links",
    metadata,
    Column("contact", _Id, primary_key=True, autoincrement=False),
    Column("location", String(64), nullable=False),
    # By which the platform knows the person.
    Column("key", String(256), nullable=False),
    # What the platform holds of the fields that it is told, as far as we know.
    Column("told", _Json, nullable=False),
    # Fields that were emptied in the CRM since: only these are emptied there.
    Column("emptied", _Json, nullable=False, server_default=text("'[]'")),
    Column("settled_at", Double, nullable=False),
    Index("platform_links_key", "location", "key"),
)

feed_cursors = Table(
    "feed_cursors",
    metadata,
    Column("location", String(64), primary_key=True),
    # Of which table or address: another one is read from its beginning.
    Column("source", String(64), nullable=False),
    Column("cursor", _Json, nullable=False),
    Column("read_at", Double, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
)

# ---------------------------------------------------------------- calls by name

asked = Table(
    "asked",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("location", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("run", _Id),
    # Of the file that asked, from 1.
    Column("line", Integer),
    Column("asked_at", Double, nullable=False),
    # What is sent and what was answered; both may hold personal data and are encrypted.
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("answered_at", Double),
    Index("asked_of_run", "run", "id"),
    Index("asked_by_time", "asked_at"),
)

# ---------------------------------------------------------------- access to the CRM

grants = Table(
    "grants",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    # company (an agency) or location, and its id in the CRM.
    Column("kind", String(8), nullable=False),
    Column("owner", String(64), nullable=False),
    # Of a location: the agency it belongs to, where the CRM said so.
    Column("company", String(64)),
    # Encrypted, as every column of bytes is.
    Column("access", LargeBinary),
    Column("refresh", LargeBinary),
    # A code of the reconnect call that was not exchanged yet.
    Column("code", LargeBinary),
    Column("scopes", Text, nullable=False, server_default=text("''")),
    Column("expires_at", Double),
    # How often new tokens were kept: who holds an older number holds old tokens.
    Column("generation", Integer, nullable=False, server_default=text("0")),
    # How the next tokens are got, and how it stands: see contacts.store.grants.
    Column("way", String(12), nullable=False),
    Column("state", String(8), nullable=False),
    Column("reason", Text),
    # It is to be renewed whatever its end.
    Column("wanted", Boolean, nullable=False, server_default=text("false")),
    # The generation whose access token the CRM refused last.
    Column("refused", Integer),
    # Who renews it now, and until when nobody else may.
    Column("lease", String(32)),
    Column("lease_until", Double),
    Column("renewed_at", Double),
    # Of an agency: where the next page of its locations begins, and when the last one was read.
    Column("cursor", Text),
    Column("walked_at", Double),
    Index("grants_owner", "kind", "owner", unique=True),
    Index("grants_company", "company"),
    Index("grants_expire", "expires_at"),
)

consents = Table(
    "consents",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    # A hash of the state that the CRM has to bring back.
    Column("state", String(64), nullable=False, unique=True),
    Column("asked_at", Double, nullable=False),
    Column("code", LargeBinary),
    Column("came_at", Double),
    Column("settled_at", Double),
    Column("grant_id", _Id),
    # Why nothing came of it.
    Column("reason", Text),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", Double, nullable=False),
)

# ---------------------------------------------------------------- plans

plans = Table(
    "plans",
    metadata,
    # A run that may only write what was planned.
    Column("run", _Id, primary_key=True, autoincrement=False),
    Column("attached_at", Double, nullable=False),
    # When it was about to write something else: which contact, and what.
    Column("stopped_at", Double),
    Column("contact", _Id),
    Column("piece", Text),
)

plan_pieces = Table(
    "plan_pieces",
    metadata,
    Column("run", _Id, primary_key=True, autoincrement=False),
    # A key of the contact, see contacts.plans.
    Column("whose", String(96), primary_key=True),
    Column("piece", Text, primary_key=True),
    # A fingerprint of what is written.
    Column("mark", String(24), nullable=False),
)

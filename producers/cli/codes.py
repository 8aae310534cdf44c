"""Why a job is parked, waits or is tried again: each code in a sentence, with what to do.

``docs/codes.md`` is made of this table; a test finds a code that is missing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contacts.jobs import Kind


class Ends(StrEnum):
    """What happens to a job that ends with a code."""

    PARKED = "parked"
    """A person must look."""
    WAITS = "waits"
    """Nothing failed: it comes back by itself, the attempt does not count."""
    CANCELLED = "cancelled"
    """Nothing is wrong with the contact: the whole run ends. Whoever asks again finds it owed."""
    AGAIN = "tried again"
    """Failed for now: backoff, and parked after the last attempt (ROLLBOOK_ATTEMPTS)."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code.

    Attributes:
        meaning: what happened, as a sentence.
        remedy: what a person does about it, as a sentence.
    """

    ends: Ends
    meaning: str
    remedy: str


KINDS: Final[dict[Kind, str]] = {
    Kind.PUSH: "Creates or updates the CRM's copy of one contact; what is agreed costs no call.",
    Kind.TAG: "Adds and removes the tags that one contact is owed; its other tags stay. Contacts "
    "that are owed the same go by one call.",
    Kind.NOTE: "Writes one note, once; changes it, or deletes it.",
    Kind.TASK: "Writes one task of a contact, once; changes, completes or deletes it.",
    Kind.FIELDS: "Reads which custom fields a location has.",
    Kind.PULL: "Takes in what changed on a contact of the CRM; an echo of our own write costs no "
    "call.",
    Kind.NOTES: "Takes in what people wrote, changed and deleted among a contact's notes.",
    Kind.TASKS: "Takes in what people wrote, changed, completed and deleted among a contact's "
    "tasks; an echo of our own write costs no call.",
    Kind.TASK_OWNER: "Finds the contact of a task that a webhook told of without it.",
    Kind.TASK_WALK: "Reads one page of a location's tasks, for changes that no webhook tells of.",
    Kind.PAGE: "Reads one page of a reconciliation, or does what follows the last one, without a "
    "call.",
    Kind.DOUBT: "Looks, some time later, whether a create whose answer was lost took effect after "
    "all, and removes the copy of ours that is double.",
    Kind.RULES: "Looks at the rules of one contact, of which something changed; no call.",
    Kind.ENROL: "Enrols one contact in one course of the platform; to repeat it does no harm.",
    Kind.LIST: "Puts one contact on one list of the platform, or takes it off.",
    Kind.PLATFORM: "Tells the platform what changed in the CRM of one contact, of the fields over "
    "which the CRM decides.",
    Kind.FEED: "Reads one page of what changed on the platform.",
    Kind.COURSES: "Reads the platform's courses.",
    Kind.CHECK: "Looks for `rollbook doctor` whether one thing can be read that the sync needs: "
    "the contacts, the location, its custom fields, its tasks, the platform.",
    Kind.PROBE: "Measures for `rollbook limits probe` in which window the CRM counts the "
    "location's calls: half a window of reads at once, then some a second; twice.",
    Kind.CALL: "Makes one call of the CRM's API that somebody asked for with `rollbook call`.",
    Kind.ACCESS_EXCHANGE: "Exchanges the code of an install (`rollbook connect`) for its tokens.",
    Kind.ACCESS_LOCATIONS: "Reads one page of an agency's locations; each gets tokens of its own.",
    Kind.ACCESS_REFRESH: "Renews the tokens of an agency or a location, one at a time whoever "
    "asks.",
}

CODES: Final[dict[str, Code]] = {
    "crm-refused": Code(
        Ends.PARKED,
        "The CRM refuses this contact, tag or note; its sentence is the reason, values masked.",
        "Correct the row and backfill it: that wakes the job.",
    ),
    "duplicate": Code(
        Ends.PARKED,
        "The CRM has another contact with this email or phone; the reason has its id. All else of "
        "ours was told.",
        "Merge the two in the CRM or correct the row, then retry.",
    ),
    "still-taken": Code(
        Ends.AGAIN,
        "Another contact of ours has this email or phone in the CRM, and is about to get another.",
        "Nothing. Parked ones: mend that contact's own parked job, then retry.",
    ),
    "wrong-contact": Code(
        Ends.PARKED,
        "The CRM answered with somebody else than the person who was sent; nothing was linked.",
        "Look at the contact of the reason in the CRM, then retry.",
    ),
    "link-taken": Code(
        Ends.PARKED,
        "The CRM takes two of our people for one, because their email and phone overlap.",
        "Correct one of the two rows and backfill it.",
    ),
    "contact-gone": Code(
        Ends.AGAIN,
        "The contact is gone under its id in the CRM; it is looked for first, merged or deleted.",
        "Nothing. Parked ones: the CRM shows the contact, but takes no change of it; ask its "
        "support, then retry.",
    ),
    "perhaps-done": Code(
        Ends.PARKED,
        "A call that was asked for by name may have been made: its answer was lost, and twice is "
        "not the same as once.",
        "Look in the CRM. If it is not done, retry: then it is made without another question.",
    ),
    "probe-too-long": Code(
        Ends.PARKED,
        "`rollbook limits probe` would take longer than a job's lease: the location's window is "
        "too long.",
        "Nothing is wrong with the location; raise ROLLBOOK_LEASE_SECONDS to probe it.",
    ),
    "probe-no-first": Code(
        Ends.PARKED,
        "The second part of a probe found nothing of the first one.",
        "`rollbook limits probe LOCATION` begins anew.",
    ),
    "no-agency": Code(
        Ends.PARKED,
        "A call by name wants the token of an agency, and none has installed the app.",
        "`rollbook connect`, as the agency, then retry.",
    ),
    "call-unknown": Code(
        Ends.PARKED,
        "What was asked for by name is older than ROLLBOOK_KEEP_CALLS_DAYS and was forgotten.",
        "Ask anew, if it is still wanted.",
    ),
    "not-in-version": Code(
        Ends.PARKED,
        "The version of the CRM's API that is set does not have this operation.",
        "Set ROLLBOOK_CRM_VERSION to the one that has it, or use another operation.",
    ),
    "contact-unknown": Code(
        Ends.PARKED,
        "The contact is not in our database any more.",
        "Backfill the row again if the person should be in the CRM.",
    ),
    "note-unknown": Code(
        Ends.PARKED,
        "The note is not in our database any more.",
        "Backfill the row again if the note should be in the CRM.",
    ),
    "task-unknown": Code(
        Ends.PARKED,
        "The task is not in our database any more.",
        "Nothing, unless the task should be in the CRM: then backfill the row again.",
    ),
    "task-unfound": Code(
        Ends.AGAIN,
        "The CRM told of a task, and its search does not know it yet.",
        "Nothing: it comes back by itself, and the nightly walk finds what is left.",
    ),
    "task-echo": Code(
        Ends.WAITS,
        "The CRM told of a task that looks like one which is being written at this moment.",
        "Nothing: it comes back by itself.",
    ),
    "no-identity": Code(
        Ends.PARKED,
        "Neither email nor phone is left by which the CRM could know the person.",
        "Backfill a row with one of them.",
    ),
    "not-linked": Code(
        Ends.PARKED,
        "The contact itself is not in the CRM, so its tags and notes cannot be.",
        "Mend the contact's own parked job; this one then goes on by itself.",
    ),
    "tags-dropped": Code(
        Ends.PARKED,
        "The CRM answered without a tag that was sent.",
        "Look at the contact's tags in the CRM, then retry.",
    ),
    "asked-alone": Code(
        Ends.WAITS,
        "The CRM's answer for many contacts did not say clearly what became of this one; its tags "
        "go by a call of their own, whose answer counts.",
        "Nothing.",
    ),
    "bulk-refused": Code(
        Ends.WAITS,
        "The CRM refused to change the tags of so many contacts at once; half as many are tried.",
        "Nothing. If it is said again each hour, set ROLLBOOK_TAG_BATCH to what the CRM takes.",
    ),
    "no-such-call": Code(
        Ends.PARKED,
        "The CRM does not know the call.",
        "Check ROLLBOOK_CRM_URL and ROLLBOOK_CRM_VERSION, then retry.",
    ),
    "bad-id": Code(
        Ends.PARKED,
        "An id of the CRM has a wrong form; nothing was sent.",
        "Check the location's id (`rollbook locations`).",
    ),
    "unsendable": Code(
        Ends.PARKED,
        "There is nothing that the CRM would take.",
        "Correct the row and backfill it.",
    ),
    "not-planned": Code(
        Ends.CANCELLED,
        "The run has a plan, and this is not in it: nothing was sent, and the run ended.",
        "Look at what changed (`rollbook explain CONTACT`), then plan and apply again.",
    ),
    "platform-refused": Code(
        Ends.PARKED,
        "The course platform refuses; its sentence is the reason, values masked.",
        "Mend what the reason names, on the platform or in `[platform]`, then retry.",
    ),
    "platform-cannot": Code(
        Ends.PARKED,
        "The connector of the platform has no such call.",
        "Describe the call in `[platform]` (docs/platform.md), or cancel the job.",
    ),
    "no-email": Code(
        Ends.PARKED,
        "The platform knows people by their email, and the contact has none.",
        "Backfill a row with an email, then retry.",
    ),
    "enrolment-unknown": Code(
        Ends.PARKED, "The enrolment is not in our database any more.", "Leave it parked."
    ),
    "list-unknown": Code(
        Ends.PARKED, "The place on the list is not in our database any more.", "Leave it parked."
    ),
    "rules-circle": Code(
        Ends.PARKED,
        "Rules set each other off without end, or something undoes what one does.",
        "`rollbook rules test CONTACT` shows which; mend them, `rollbook rules load`, then retry.",
    ),
    "give-up": Code(
        Ends.PARKED,
        "Trying again would not help; the reason says why.",
        "Mend what the reason names, then retry.",
    ),
    "crm-unavailable": Code(
        Ends.AGAIN,
        "The CRM could not be reached or broke off.",
        "Wait for the CRM to be well; parked ones: retry.",
    ),
    "crm-error": Code(
        Ends.AGAIN,
        "The CRM answered with an error of its own (5xx).",
        "Wait for the CRM to be well; parked ones: retry.",
    ),
    "no-connection": Code(
        Ends.AGAIN,
        "No connection to the CRM; nothing was sent.",
        "Check network and ROLLBOOK_CRM_URL; parked ones: retry.",
    ),
    "no-answer": Code(
        Ends.AGAIN,
        "No answer in time, or the connection broke; the next attempt looks before it writes.",
        "Wait for the CRM to be well; parked ones: retry.",
    ),
    "bad-answer": Code(
        Ends.AGAIN,
        "The answer was cut short or no JSON: something stands between us and the CRM.",
        "Check proxies and firewalls; parked ones: retry.",
    ),
    "stale-answer": Code(
        Ends.AGAIN,
        "The CRM's answer was older than what it had said before; it is asked once more.",
        "Nothing.",
    ),
    "platform-unavailable": Code(
        Ends.AGAIN,
        "The course platform could not be reached, broke off, or answered with an error of its "
        "own.",
        "Wait for it to be well; parked ones: retry.",
    ),
    "platform-answer": Code(
        Ends.AGAIN,
        "The course platform's answer cannot be used; the reason says why.",
        "Check url, paths and pointers in `[platform]`; parked ones: retry.",
    ),
    "worker-lost": Code(
        Ends.AGAIN,
        "The worker that had the job ended without an answer.",
        "Find out why workers die (memory, machine); parked ones: retry.",
    ),
    "defect": Code(
        Ends.AGAIN,
        "A defect in Rollbook; the worker's log has the details.",
        "Report it with the log; parked ones: retry after an update.",
    ),
    "again": Code(Ends.AGAIN, "Failed for now; the reason says why.", "Parked ones: retry."),
    "error": Code(
        Ends.AGAIN, "It failed; the reason says why.", "Mend what the reason names, then retry."
    ),
    "rate-limited": Code(
        Ends.WAITS, "No token within the patience: other calls go first.", "Nothing."
    ),
    "paused": Code(
        Ends.WAITS,
        "The job was out when its location was paused, by a person or because the CRM asked for "
        "it; nothing was sent.",
        "Nothing; it goes on when the pause ends (`rollbook status`, `rollbook resume LOCATION`).",
    ),
    "day-quota": Code(
        Ends.WAITS,
        "The calls of the day are used up; the location is paused.",
        "Wait for the next day; `rollbook resume LOCATION` tries at once.",
    ),
    "too-many-requests": Code(
        Ends.WAITS,
        "The CRM answered 429; the location is paused for as long as it asked.",
        "Nothing. If it comes often, somebody else uses the same quota.",
    ),
    "crm-busy": Code(
        Ends.WAITS, "The CRM is unavailable and named a time to come back.", "Nothing."
    ),
    "limiter-down": Code(
        Ends.WAITS, "No Redis, so no token, so no call.", "Start Redis; nothing is lost."
    ),
    "database-away": Code(Ends.WAITS, "The database did not answer.", "Start it; nothing is lost."),
    "read-only": Code(
        Ends.WAITS,
        "It would write to the CRM, and nothing may be written.",
        "Nothing; set ROLLBOOK_READ_ONLY to false and restart to let it go out.",
    ),
    "out-of-time": Code(
        Ends.WAITS, "Too little of the job's time was left to begin a call.", "Nothing."
    ),
    "stopping": Code(Ends.WAITS, "The worker was stopped before it sent anything.", "Nothing."),
    "not-yet": Code(Ends.WAITS, "Something else has to happen first.", "Nothing."),
    "later": Code(Ends.WAITS, "It comes back by itself.", "Nothing."),
    "no-token": Code(
        Ends.WAITS,
        "The location has no token that can be used.",
        "`rollbook connect`, or `rollbook locations add LOCATION` asks for one.",
    ),
    "token": Code(
        Ends.WAITS,
        "The CRM does not take the token: wrong, expired or revoked.",
        "Make a new one inside the sub-account; `rollbook locations add LOCATION` asks for it.",
    ),
    "token-class": Code(
        Ends.WAITS,
        "The token is an agency's, not the sub-account's.",
        "Make one inside the sub-account; `rollbook locations add LOCATION` asks for it.",
    ),
    "token-renewing": Code(
        Ends.WAITS,
        "The access token is renewed, by a job of its own; its location waits for it.",
        "Nothing; `rollbook parked` shows a renewal that failed.",
    ),
    "token-renewed": Code(
        Ends.WAITS, "There is a newer token than the one that was refused.", "Nothing."
    ),
    "location-inactive": Code(
        Ends.WAITS,
        "The CRM says that the location is paused or not paid for; its tokens stay good.",
        "Make it active again in the CRM; it is asked each quarter of an hour.",
    ),
    "oauth-client": Code(
        Ends.WAITS,
        "The CRM does not take the app's id or secret, or the settings have none.",
        "Check ROLLBOOK_OAUTH_CLIENT_ID and ROLLBOOK_OAUTH_CLIENT_SECRET, then restart.",
    ),
    "access-gone": Code(
        Ends.PARKED,
        "The CRM gives no tokens any more: the app is not installed, or access was taken away.",
        "`rollbook connect` again; the locations then go on by themselves.",
    ),
    "oauth-code": Code(
        Ends.AGAIN,
        "The code for new tokens was spent or over; another one is asked for.",
        "Parked ones: `rollbook connect` again.",
    ),
    "scope": Code(
        Ends.WAITS,
        "The token lacks a scope; the reason names it.",
        "Add it to the private integration in the CRM, the token stays the same, then `rollbook "
        "resume LOCATION`; or to the app, then `rollbook connect`.",
    ),
    "other-location": Code(
        Ends.WAITS,
        "The token belongs to another location.",
        "`rollbook locations add LOCATION` asks for the right one.",
    ),
    "version": Code(
        Ends.WAITS,
        "The CRM does not take the Version header.",
        "Set ROLLBOOK_CRM_VERSION, restart, then `rollbook resume LOCATION`.",
    ),
    "address": Code(
        Ends.WAITS,
        "The CRM's address answers with a redirect.",
        "Check ROLLBOOK_CRM_URL, restart, then `rollbook resume LOCATION`.",
    ),
    "no-platform": Code(
        Ends.WAITS,
        "No course platform is connected to the location.",
        "`rollbook platform connect`, or cancel the job.",
    ),
    "platform-busy": Code(
        Ends.WAITS, "The course platform asked us to come back (429, 503).", "Nothing."
    ),
    "platform-access": Code(
        Ends.WAITS,
        "The course platform has no token from us, or refuses it.",
        "`rollbook platform connect` asks for a new one.",
    ),
    "access-lost": Code(
        Ends.WAITS,
        "The CRM refuses access; the location waits.",
        "Check token, scopes and location, then `rollbook resume LOCATION`.",
    ),
}


def remedy(code: str) -> str:
    """What to do about a code; a code of a newer version sends to its reason."""
    found = CODES.get(code)
    return found.remedy if found else "Mend what the reason names, then retry."

"""Where the API is known to be odd, or is not known at all: one switch each, told in README.md."""

from __future__ import annotations

from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from ops.simulator.strict import Share, Strict


class Quirks(Strict):
    """Where it is known to be odd, or not known at all. See README.md for each."""

    upsert_ignores_gender: bool = True
    upsert_by_additional_email: Literal["replaces-primary", "keeps-primary"] = "replaces-primary"
    shows_additional: bool = True
    finds_additional: bool = True
    update_takes_company_name: bool = False
    update_checks_duplicates: bool = True
    shows_gender: bool = True
    null: Literal["clears", "ignored"] = "clears"
    blank: Literal["clears", "ignored"] = "clears"
    email_case: Literal["kept", "lower"] = "kept"
    bad_phone: Literal["kept", "dropped", "refused"] = "kept"
    name_split: Literal["first-word", "last-word"] = "first-word"
    trims_tags: bool = True
    unknown_custom_field: Literal["ignored", "refused"] = "ignored"
    deleted_contact: Literal["unknown", "shown"] = "unknown"
    list_date_of_birth: Literal["epoch", "date", "absent"] = "epoch"
    list_cursor: Literal["both", "ignored"] = "both"
    list_ties: Literal["kept", "lost"] = "kept"
    list_lag_s: NonNegativeFloat = 0.0
    search_lag_s: NonNegativeFloat = 0.0
    search_names: Literal["lower", "raw"] = "lower"
    timezone_fires: bool = True
    task_events_name_contact: bool = False
    task_search_most: PositiveInt = 100
    bad_country: Literal["kept", "dropped", "refused"] = "kept"
    unknown_option: Literal["kept", "dropped", "refused"] = "kept"
    create_needs_identity: bool = False
    delete_twice: Literal["unknown", "fine"] = "unknown"
    merge_tells_of_children: bool = True
    restore_brings_notes: bool = True
    restore_days: PositiveFloat = 60.0
    last_slash: Literal["either", "exact"] = "either"
    search_order: Literal["added-desc", "added-asc", "updated-desc"] = "added-desc"
    page_with_search_after: Literal["refused", "ignored"] = "refused"
    v3_keeps_old_paths: bool = True
    workflow_add_status: Literal[200, 201] = 201
    bulk_tags_most: PositiveInt | None = 500
    bulk_tags_answer: Literal["full", "asked", "bare", "changed", "nothing"] = "full"
    bulk_tags_unknown: Literal["told", "left-out", "refused"] = "told"
    bulk_tags_errors: Share = 0.0
    bulk_tags_there: bool = True
    bulk_needs_scope: bool = False
    bulk_counts: Literal["one", "each"] = "one"
    lookup_refusal_status: Literal[401, 403] = 401
    tags_fill_dictionary: bool = True
    tag_changes_reach_contacts: bool = True
    double_names: Literal["refused", "made"] = "refused"

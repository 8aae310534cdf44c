"""The database: the truth. SQLAlchemy lives here and nowhere else.

database     opens it, says when it is away, keeps its schema
tables       every table on one page
ledger       put, release, claim, later, again, park, done, reclaim, cancel: the verbs of a job
ledger_together  those of several jobs that one call does
ledger_view  the questions people ask of the ledger
alike        which tag jobs can be done by one call; tag_changes: done
turns        whose turn it is: the choice behind release; due: the next jobs of a location
roster       contacts: what a source says of people, matched and merged
matching     who a row of a source means
policies     who decides over the fields of each location
cards        what a deed reads of a contact and leaves behind
meeting      both sides of a contact meet: what follows from an answer of the CRM
newcomers    who a contact of the CRM is to us: known, new, or gone
inbox        what the CRM's webhooks told
sightings    what its answers showed, to recognise echoes
notebook     the notes of our contacts: said, changed, deleted, owed
written_notes    a note on its way into the CRM
their_notes  the notes of a contact as the CRM has them
contact_tasks task_rows  tasks of contacts: wanted, changed, completed, deleted
written_tasks their_tasks  the same two of tasks
task_walk    whose task is it? and a walk over the tasks of a location
timeline     what happened to each contact, written where it happens
met          what it is told when both sides have met
said         tags and notes that a source names, and what of them is new
story        a contact's timeline with its jobs and calls, for a person
findings     what a run found and did, counted
forgetting   erases a person; forgotten: who must not come in again
history      values that lost (of the timeline), links that ended
roster_view  the questions people and the night ask of the roster
accounts     locations, their tokens (encrypted), custom fields and pauses
platforms    the course platform of each location, its secret and courses
platform_events   what it told, with all that follows
platform_links    who our contacts are there, and what it has still to be told
platform_view     what it is owed although no job will tell it
enrolments lists  who is in which course, and on which list
feeds        how far its changes were read
school       a school's own database
rulesets watching facts weighing actions firings   rules: kept, what they look at, decide and did
opportunities   in which stage of a funnel somebody is
runs         one backfill or walk: how far, and how it ended
audit        every call to the CRM
checks       what `rollbook doctor` had a worker look at
processes    who is alive
grants       what an install granted: tokens of an agency or a location, and how each stands
renewals     who may renew them, and what becomes of it
installs     an agency's locations, INSTALL and UNINSTALL
consents     the links of `rollbook connect`
cipher       the keys of the tokens
keyring      what is encrypted, and its passage from one key to the next
migrations   Alembic, forward only
"""

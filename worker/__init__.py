"""Where the work is done: takes a job from the belt and makes the two sides agree.

app        the Celery application and its rules
tasks      one three-line task for each kind of job
outcomes   done, later, again, parked: what each means to the ledger and to Flower
push pull tags notes their_notes fields rules   the deeds
contact_tasks their_tasks location_tasks  tasks of contacts: ours, theirs, and whose is it?
gone         a contact that is gone under its id: merged there, or deleted?
seen         an answer as the meeting of both sides takes it
pulse      that it is alive, and what the limiter shows
check        can be read what the sync needs?
workbench  the tools that a deed is handed, built once per process
crm        GoHighLevel and nothing but
"""

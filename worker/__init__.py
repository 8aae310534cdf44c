"""Where the work is done: takes a job from the belt and makes the two sides agree.

app        the Celery application and its rules
tasks      one three-line task for each kind of job
outcomes   done, later, again, parked: what each means to the ledger and to Flower
push tags notes fields   the deeds
workbench  the tools that a deed is handed, built once per process
crm        GoHighLevel and nothing but
"""

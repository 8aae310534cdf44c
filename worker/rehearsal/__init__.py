"""A rehearsal: the real deeds, on a copy of what is ours, with a CRM that only takes notes.

known.py     what lists of the CRM's contacts showed, so that few calls read many
notebook.py  who would be told what
pace.py      how long it would take
play.py      job by job, until nothing is owed any more
__main__.py  the door: ``python -m worker.rehearsal COPY RUN OUT``
"""

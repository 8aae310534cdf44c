"""Rollbook beside its peers: the same contacts, the same stand-in of the CRM, the same seed.

__main__    one command: measures, shows, writes JSON, Markdown and the plot
contest     the two runs of each peer: undisturbed; with live jobs and a kill -9
roll        who takes part, and how each is started
peer        what a peer has to be able to do
project     a peer that is a project of its own: workers, sender, Redis
ours        Rollbook itself, as `rollbook up`
side_by_side    several peers at once
score       figures of a peer's two runs (pure)
table plot  the figures for people

Each peer is a project as its library's documentation recommends one:

ops.bench.rival     Celery, ``rate_limit`` of each worker
dramatiq_project    Dramatiq, WindowRateLimiter
rq_project          RQ, the textbook's token bucket (bucket) in Redis
sdk_loop            the CRM's own SDK in a loop
textbook_up         Rollbook with the textbook's bucket in place of its limiter
"""

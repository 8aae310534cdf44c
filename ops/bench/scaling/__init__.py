"""How cost grows with jobs, locations and contacts: ``python -m ops.bench.scaling``.

sizes        bytes of a contact, a job, a call, on SQLite and PostgreSQL
ledger       put, release, claim and done with up to a million jobs and 10,000 locations
redis_cost   what a location and a call cost Redis
running      a short run of all: commits, log, commands, CPU of a call; memory of each process
fairness     10,000 locations that always have work, in virtual time at the measured pace
sums         the arithmetic from there to any number of locations
"""

"""Running it: `rollbook up` and what it needs.

up            the whole of it: lock, own Redis, tables, processes, summary
supervisor    starts children, starts the dead again, stops them in order
restarting    how long to wait before that (pure)
launch        the first thing in a child: dies with its parent, keeps to its core
output        the children's lines, each with its name
commands      the command of each process
redis_server  a Redis of our own
flower        Flower with a password, a memory and no secret in its command
hearing       its ear for the workers' events
ports         where Flower and the receiver listen
files         small private files
"""

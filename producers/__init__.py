"""The doors: each one puts jobs into the ledger; none talks to the CRM.

cli/         a person
backfill     a file of many (mapping, readers, rejects)
receiver     the CRM's webhooks (signature, inbox)
dispatcher   ledger to Redis: what is due, fairly, no faster than the CRM takes it
clock        beat: sweeps, heartbeat, the nightly check
bell         wakes the dispatcher
"""

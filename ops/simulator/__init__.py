"""A stand-in of the CRM's API for the demo, the tests and the measurements. See README.md.

serving      uvicorn on a port
app          HTTP in and out, latency, broken connections
admin        the side that is not part of the API
standin      from a request to its answer
routes       which path is which call
access       Version header, tokens, scopes
contacts, notes, tasks, lists, search, filters, lookup     calls of contacts
followers, campaigns, appointments, businesses, bulk       more of them
locations, tagnames, custom_fields                         calls of a location
oauth, oauth_grants, oauth_places    tokens, what was granted, where an app is installed
oauth_page, oauth_people             the authorise page, and what people do with an app
oauth_watch, oauth_admin             how refresh tokens were used, and how that is asked
bodies, values                       what goes in
shapes, refusals                     what comes out
openapi, answers                     a document of it, for fuzzers
world, tagbook                       what is remembered
seeding      what people do in the CRM itself
webhooks, postman, retries, breaker, seals   what is told of a change, and how it is sent
coursehost   OnlineCourseHost beside it: two calls, three hooks
limits, buckets                      the rate limit
latency, faults                      what goes wrong
report       the log that judges ask
config, quirks, webhook_settings, oauth_settings, strict   every switch
"""

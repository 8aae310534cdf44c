"""Schools with a database or an API of their own, behind one small protocol. See docs/platform.md.

connector    what a course platform may be asked and told
school_db    a table of any database
school_api   an API of JSON documents, by configuration
pages        where the next page begins. Pure
pointers     JSON pointers. Pure
calls        one call: token of the limiter, answer, audit
answers      what an answer means
"""

"""Is what we say to the CRM, and what the stand-in answers, as the official specification has it?

specification   the published files, read and made one document for each generation
deviations      where the real API is otherwise: one file, each with its source
checker         one request and its answer against a document
side            a document as the validator reads it
exchange        a request and its answer
witness         the stand-in on a port, with somebody who writes down what passes
scenario        every operation once, and what is refused
findings        what was checked, what violates, which deviations were needed
report          the same on a screen, and as JSON

The specification itself is not part of Rollbook: it is read from a folder that somebody names.
"""

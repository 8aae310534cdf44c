"""GoHighLevel and nothing but: the only place that talks to the CRM.

client       Crm and Desk: what the deeds use
desk         one function for each operation
calls        one call: request, token, answer, audit
connections  one for each call in flight, kept
transport    no call leaves without a token
limiter      the tokens, shared by all workers
answers      what an answer means: which error, which pause
access       a refused token, in a sentence that says what to do
masking      the CRM's sentences without anybody's data
wire         our values <-> the CRM's JSON
operations   the calls, one row each
shapes       what comes back
"""

import sys

# httpx would load its command line, and with it rich and pygments: 0.1 s of each worker's start.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

"""Any operation of the catalogue, in the CRM's own words."""

from __future__ import annotations

from contacts.catalogue.checking import Request
from worker.crm.calls import Calls, Line
from worker.crm.operations import Operation
from worker.crm.shapes import JsonObject


class Anything:
    """The one function for what no deed of the sync needs. One call; raises ``SyncError``s."""

    _calls: Calls
    _line: Line

    def anything(self, operation: Operation, request: Request) -> JsonObject:
        """Make a call that was checked against the catalogue; returns the whole answer."""
        id, thing = (*request.ids, "", "")[:2]
        return self._calls.make(
            operation,
            self._line,
            id=id,
            thing=thing,
            query=request.query or None,
            body=request.body,
        )

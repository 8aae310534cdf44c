"""Statements of the hot path: built by SQLAlchemy, compiled once, and run by the driver.

To have SQLAlchemy run a statement that it knows costs about 0.1 ms, whatever the statement does: it
looks it up by its structure, sorts its parameters and wraps its answer. A call of the CRM takes
eighteen statements, and the thread that commits for others holds SQLite's one write lock meanwhile.
So what each job runs is asked of SQLAlchemy once for each dialect, as text with the types'
conversions, and handed to the driver's connection of the same transaction.

Everything else goes through ``tx.execute``; both may be used in one transaction. Of SQLAlchemy's
events only ``before_cursor_execute`` is told of what runs here.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Dialect, Insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler

from contacts.store.database import Tx

FEW: Final = 32
"""Lists of up to so many values have a text of their own that is kept; longer ones are rare."""

Values = Mapping[str, Any]
_Processor = Callable[[Any], Any] | None
_NOTHING: Final[Values] = {}


class Prepared:
    """One statement with its parameters open: ``bindparam``, or the keys of an insert.

    Args:
        statement: a select, insert, update or delete of Core. An insert without values gets its
            columns from the first row that it is given: all rows must name the same ones.
    """

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._compiled: dict[str, tuple[SQLCompiler, tuple[str, ...]]] = {}
        self._forms: dict[tuple[str, tuple[int, ...]], _Form] = {}

    def all(self, tx: Tx, values: Values = _NOTHING) -> list[Any]:
        """Every row of the answer, with an attribute for each column.

        Raises:
            sqlalchemy.exc.DBAPIError: as ``tx.execute`` raises it.
        """
        form = self._form(tx.dialect, values)
        cursor = _execute(tx, form.text, form.bound(values))
        try:
            return form.rows(tx.dialect, cursor)
        finally:
            cursor.close()

    def first(self, tx: Tx, values: Values = _NOTHING) -> Any | None:
        """The first row, or None."""
        found = self.all(tx, values)
        return found[0] if found else None

    def count(self, tx: Tx, values: Values = _NOTHING) -> int:
        """Run it; how many rows it changed."""
        form = self._form(tx.dialect, values)
        cursor = _execute(tx, form.text, form.bound(values))
        changed = int(cursor.rowcount)
        cursor.close()
        return changed

    def each(self, tx: Tx, rows: Sequence[Values]) -> None:
        """Run it once for each of these, which may be none."""
        if len(rows) == 1:
            self.count(tx, rows[0])
        elif rows:
            form = self._form(tx.dialect, rows[0])
            _execute(tx, form.text, [form.bound(values) for values in rows], many=True).close()

    def _form(self, dialect: Dialect, values: Values) -> _Form:
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = self._compile(dialect, values)
        compiled, lists = known
        sizes = tuple([len(values[name]) for name in lists])
        form = self._forms.get((dialect.name, sizes))
        if form is None:
            form = _Form(self.statement, compiled, lists, values)
            if max(sizes, default=0) <= FEW:
                self._forms[dialect.name, sizes] = form
        return form

    def _compile(self, dialect: Dialect, values: Values) -> tuple[SQLCompiler, tuple[str, ...]]:
        columns = None
        if isinstance(self.statement, Insert):
            columns = [name for name in values if name in self.statement.table.c]
        compiled = self.statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        open_lists = (
            name for name, bind in compiled.binds.items() if bind.expanding and bind.required
        )
        return compiled, tuple(open_lists)


class _Slot(NamedTuple):
    """Where one parameter of the text comes from.

    Attributes:
        source: the name in the caller's values; None: ``constant`` is it.
        place: in the list of that name; None: it is no list.
    """

    name: str
    source: str | None
    place: int | None
    convert: _Processor
    constant: Any = None


class _Form:
    """The text for one dialect and so many values in each list, and how values get into it."""

    def __init__(
        self, statement: Any, compiled: SQLCompiler, lists: Sequence[str], values: Values
    ) -> None:
        state = compiled.construct_expanded_state(values)
        self.text = state.statement
        self._slots = _slots(compiled, state, lists, values)
        self._is_positional = compiled.positional
        returns = getattr(statement, "exported_columns", None)
        self._types = [column.type for column in returns] if returns is not None else []
        self._shape: tuple[Any, list[_Processor] | None] | None = None

    def bound(self, values: Values) -> Any:
        """The values as the driver takes them."""
        found = []
        for _, source, index, convert, constant in self._slots:
            if source is None:
                found.append(constant)
                continue
            value = values[source] if index is None else values[source][index]
            found.append(value if convert is None else convert(value))
        if self._is_positional:
            return tuple(found)
        return {slot.name: value for slot, value in zip(self._slots, found, strict=True)}

    def rows(self, dialect: Dialect, cursor: Any) -> list[Any]:
        """What the driver found, as the columns' types show it."""
        if self._shape is None:
            self._shape = self._shaped(dialect, cursor.description)
        make, converts = self._shape
        if converts is None:
            return [make(row) for row in cursor.fetchall()]
        return [
            make(
                value if convert is None else convert(value)
                for value, convert in zip(row, converts, strict=True)
            )
            for row in cursor.fetchall()
        ]

    def _shaped(
        self, dialect: Dialect, description: Sequence[Any]
    ) -> tuple[Any, list[_Processor] | None]:
        row: Any = namedtuple("Row", [one[0] for one in description], rename=True)  # type: ignore[misc]
        converts = [
            type.dialect_impl(dialect).result_processor(dialect, one[1])
            for type, one in zip(self._types, description, strict=True)
        ]
        return row._make, converts if any(converts) else None


def _slots(
    compiled: SQLCompiler, state: ExpandedState, lists: Sequence[str], values: Values
) -> list[_Slot]:
    places = {
        name: (source, index)
        for source, names in state.parameter_expansion.items()
        if source in lists
        for index, name in enumerate(names)
    }
    found = []
    for name in (state.positiontup if compiled.positional else state.parameters) or ():
        source, index = places.get(name, (name, None))
        bind = compiled.binds.get(source)
        convert = state.processors.get(name)
        if bind is not None and index is None:
            convert = bind.type.dialect_impl(compiled.dialect).bind_processor(compiled.dialect)
        if source in values or (bind is not None and bind.required):
            found.append(_Slot(name, source, index, convert))
        else:
            constant = state.parameters[name]
            found.append(_Slot(name, None, None, None, convert(constant) if convert else constant))
    return found


def _execute(tx: Tx, text: str, bound: Any, *, many: bool = False) -> Any:
    """Let the driver run it, on the connection and in the transaction of ``tx``.

    Raises:
        sqlalchemy.exc.DBAPIError: by the same classes as SQLAlchemy; without the parameters, which
            are people's data.
    """
    if not tx.in_transaction():
        tx.begin()
    raw: Any = tx.connection.dbapi_connection
    cursor = raw.cursor()
    for listener in tx.dispatch.before_cursor_execute:
        listener(tx, cursor, text, bound, None, many)
    try:
        (cursor.executemany if many else cursor.execute)(text, bound)
    except tx.dialect.loaded_dbapi.Error as error:
        lost = tx.dialect.is_disconnect(error, raw, cursor)
        named = DBAPIError.instance(
            text,
            None,
            error,
            tx.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=tx.dialect,
        )
        if lost:
            tx.invalidate(error)
        else:
            cursor.close()
        raise named from error
    except BaseException:
        # An open cursor would keep SQLite's write lock after the rollback.
        cursor.close()
        raise
    return cursor

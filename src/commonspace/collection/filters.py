"""`where`: structured conditions on metadata, compiled to a filter that Lance evaluates before the search.

    {"year": 1950}                          equal; {"year": None} has no value
    {"year": {"ge": 1900, "lt": 1950}}      lt le gt ge eq ne, all must hold
    {"label": {"in": ["art", "music"]}}     one of
    {"tags": {"contains": "red"}}           a list holds the item; a text holds the piece
    {"and": [...]}, {"or": [...]}, {"not": {...}}

Several fields in one mapping must all hold. An item without a value in a field passes none of its tests, except
`None` and `ne`; `not` is the exact opposite of what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from commonspace.errors import InputError, UnknownNameError

from .columns import column_name
from .literals import is_fraction, literal

Where = Mapping[str, Any]

_COMPARISONS = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_OPERATORS = (*_COMPARISONS, "ne", "in", "contains")
# The SQL parser's time grows without bound with nesting, and the planner's with the number of conditions; a filter
# may come from a stranger over HTTP.
_DEEPEST, _MOST, _LONGEST_LIST = 8, 256, 10_000


def compile_filter(where: Where, fields: Mapping[str, pa.DataType]) -> str:
    """Compiles conditions to SQL.

    Args:
        where: The conditions; see the module.
        fields: The fields that may be named, with their types.

    Raises:
        InputError: If the form of `where` is wrong or a value does not suit its field.
        UnknownNameError: If a field or an operator does not exist.
    """
    return _Compiler(fields).group(where, 1)


class _Compiler:
    def __init__(self, fields: Mapping[str, pa.DataType]) -> None:
        self._fields = fields
        self._conditions = 0

    def group(self, where: object, depth: int) -> str:
        """A mapping, all of whose entries must hold."""
        if not isinstance(where, Mapping):
            raise InputError(f"where: expected a mapping, for example {{'year': {{'lt': 1950}}}}, got {where!r}.")
        if depth > _DEEPEST:
            raise InputError(f"where: nested more than {_DEEPEST} deep.")
        return _joined([self._entry(key, value, depth) for key, value in where.items()], "AND", "TRUE")

    def _entry(self, key: object, value: object, depth: int) -> str:
        if key == "not":
            return f"({self.group(value, depth + 1)}) IS NOT TRUE"
        if key in ("and", "or"):
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise InputError(f"where: {key!r} takes a list of mappings, got {value!r}.")
            terms = [self.group(term, depth + 1) for term in value]
            return _joined(terms, "AND", "TRUE") if key == "and" else _joined(terms, "OR", "FALSE")
        if not isinstance(key, str) or key not in self._fields:
            raise UnknownNameError("metadata field", str(key), self._fields)
        tests = value if isinstance(value, Mapping) else {"eq": value}
        return _joined([self._test(key, operator, operand) for operator, operand in tests.items()], "AND", "TRUE")

    def _test(self, field: str, operator: str, value: Any) -> str:
        self._conditions += 1
        if self._conditions > _MOST:
            raise InputError(f"where: more than {_MOST} conditions; use 'in' for long lists of values.")
        kind, column = self._fields[field], f"`{column_name(field)}`"
        if operator not in _OPERATORS:
            raise UnknownNameError("operator", str(operator), _OPERATORS)
        if operator == "contains":
            if pa.types.is_list(kind):
                return f"array_has({column}, {literal(field, value, kind.value_type)})"
            if not pa.types.is_string(kind):
                raise InputError(f"where: 'contains' is for lists and texts, and field {field!r} holds {kind}.")
            return f"contains({column}, {literal(field, value, kind)})"
        if value is None and operator in ("eq", "ne"):
            return f"{column} IS {'NOT ' if operator == 'ne' else ''}NULL"
        if pa.types.is_list(kind):
            raise InputError(f"where: field {field!r} holds lists; test it with 'contains', not {operator!r}.")
        if pa.types.is_int32(kind):
            column = f"CAST({column} AS BIGINT)"  # else a value beyond 32 bits is an error of the planner
        if operator == "in":
            return _one_of(field, column, value, kind)
        if pa.types.is_integer(kind) and is_fraction(value):
            column, kind = f"CAST({column} AS DOUBLE)", pa.float64()
        if operator == "ne":
            return f"({column} = {literal(field, value, kind)}) IS NOT TRUE"
        return f"{column} {_COMPARISONS[operator]} {literal(field, value, kind)}"


def _one_of(field: str, column: str, values: Any, kind: pa.DataType) -> str:
    if not isinstance(values, list | tuple | set | frozenset | np.ndarray):
        raise InputError(f"where: 'in' takes a list of values for field {field!r}, got {values!r}.")
    if len(values) > _LONGEST_LIST:
        raise InputError(
            f"where: 'in' takes at most {_LONGEST_LIST:,} values for field {field!r}, got {len(values):,}."
        )
    literals = [literal(field, value, kind) for value in values if value is not None]
    tests = [f"{column} IN ({', '.join(literals)})"] if literals else []
    if len(literals) < len(values):
        tests.append(f"{column} IS NULL")
    return _joined(tests, "OR", "FALSE")


def _joined(terms: list[str], word: str, empty: str) -> str:
    if len(terms) < 2:
        return terms[0] if terms else empty
    return "(" + f" {word} ".join(terms) + ")"

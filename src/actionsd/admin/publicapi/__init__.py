"""Segment's Public API, spoken so that Segment's own SDKs work against it (DESIGN "Contracts", FEATURES W).

An operation is a row (`operation`) of a group's table (`sources`, `destinations`, `subscriptions`, `filters` ...); the
tables are joined in `table`, `endpoint` makes handlers of them, `openapi` a document. What differs from upstream: ids
are small numbers, an action's id is its slug, the names of mappings are unique in a destination, lists may be asked for
without a page, and what is declared in the file is not changed from here.
"""

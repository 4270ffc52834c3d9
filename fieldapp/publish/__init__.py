"""Headquarters' records in PostgreSQL, for many analysts at once: tables, figures, roles, and the mirror itself.

What PostgreSQL is told follows from ``schema.sql``, the models and the SQL of ``fieldapp/reports``: nothing is typed
twice. ``docs/postgresql.md`` is the administrator's guide.
"""

"""Headquarters' records in PostgreSQL, for many analysts at once: tables, figures, roles, and the mirror itself.

All statements for PostgreSQL are made from ``schema.sql``, the models and the SQL of ``fieldapp/reports``: nothing is
written twice. ``docs/postgresql.md`` is the administrator's guide.
"""

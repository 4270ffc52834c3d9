"""Who may read what: three group roles that the administrator grants to people's own logins.

``fieldapp_writer`` owns the mirror. ``fieldapp_analyst`` reads every row, but no personal columns.
``fieldapp_province`` reads every column of the rows of its own posts. ``fieldapp_control.access`` gives a login its
posts: by the code of a post, or by the code of a unit that the post's unit lies in.
"""

from collections.abc import Iterator, Sequence

from fieldapp.publish.dialect import to_postgres
from fieldapp.publish.tables import PATH, RETURNED, MirrorTable
from fieldapp.reports.units import there

CONTROL = "fieldapp_control"
WRITER, ANALYST, PROVINCE = "fieldapp_writer", "fieldapp_analyst", "fieldapp_province"
OPEN = "open_"
"""Prefix of a table's view without personal columns, where ``SELECT *`` works for an analyst too"""

CALLER = "coalesce(nullif(current_setting('role'), 'none'), session_user)::name"
"""The role that asks, also inside a function that runs with its owner's rights"""

SEES_ALL = f"(pg_has_role({CALLER}, '{ANALYST}', 'MEMBER') OR pg_has_role({CALLER}, '{WRITER}', 'MEMBER'))"


def roles() -> list[tuple[str, str]]:
    """(role, statement that makes it) of each role."""
    return [(role, f"CREATE ROLE {role} NOLOGIN") for role in (WRITER, ANALYST, PROVINCE)]


def control() -> Iterator[str]:
    """The statements that make the tables of the control schema, which outlive every load."""
    yield f"CREATE SCHEMA IF NOT EXISTS {CONTROL}"
    yield (
        f"CREATE TABLE IF NOT EXISTS {CONTROL}.state (one boolean PRIMARY KEY DEFAULT true CHECK (one),"
        " watermark jsonb, shape text, loading jsonb, mirrored_at timestamptz, elsewhere text)"
    )
    yield f"INSERT INTO {CONTROL}.state DEFAULT VALUES ON CONFLICT DO NOTHING"
    yield (
        f"CREATE TABLE IF NOT EXISTS {CONTROL}.access (role_name name NOT NULL, code text NOT NULL,"
        " PRIMARY KEY (role_name, code))"
    )
    yield (
        f"COMMENT ON TABLE {CONTROL}.access IS"
        " 'Which posts a province''s login sees: code of a unit (66: all posts in it) or of a post (IARVE)'"
    )


def visible_posts() -> str:
    """The statement that makes the function ``visible_posts``: the posts that the caller sees by ``access``."""
    there_today = to_postgres(there("u"), {"day": "CURRENT_DATE"})
    return f"""
        CREATE FUNCTION visible_posts() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER {PATH} AS $$
            WITH given AS MATERIALIZED (
                SELECT a.code FROM {CONTROL}.access a JOIN pg_roles r ON r.rolname = a.role_name
                WHERE pg_has_role({CALLER}, a.role_name, 'MEMBER')
            ), within AS MATERIALIZED (
                SELECT unnest(units_inside(ARRAY[u.id], CURRENT_DATE, NOT {there_today})) AS unit_id
                FROM unit u JOIN given USING (code)
                WHERE u.voided_at IS NULL
            )
            SELECT coalesce(array_agg(p.id), ARRAY[]::text[]) FROM post p
            WHERE p.code IN (SELECT code FROM given) OR p.unit_id IN (SELECT unit_id FROM within)
        $$"""


def grants(tables: Sequence[MirrorTable], schema: str) -> Iterator[str]:
    """The statements that give each role its rights, and make the views without personal columns."""
    yield f"GRANT USAGE ON SCHEMA {schema} TO {ANALYST}, {PROVINCE}"
    for table in tables:
        name = f"{schema}.{table.name}"
        seen = ", ".join(c.name for c in table.columns if not c.personal)
        yield f"CREATE VIEW {schema}.{OPEN}{table.name} WITH (security_invoker) AS SELECT {seen} FROM {name}"
        yield f"GRANT SELECT ({seen}) ON {name} TO {ANALYST}"
        yield f"GRANT SELECT ON {schema}.{OPEN}{table.name} TO {ANALYST}, {PROVINCE}"
        yield f"GRANT SELECT ON {name} TO {PROVINCE}"
        if not table.reference:
            yield from _policies(name)
    yield f"GRANT SELECT ON {schema}.{RETURNED} TO {ANALYST}, {PROVINCE}"
    yield from _policies(f"{schema}.{RETURNED}")
    yield f"GRANT SELECT ON {schema}.review_latest TO {PROVINCE}"
    for view in ("unit_today", "figures_by_year", "figures_by_month", "figures_by_post", "mirrored", "activity_files"):
        yield f"GRANT SELECT ON {schema}.{view} TO {ANALYST}, {PROVINCE}"
    yield f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {ANALYST}, {PROVINCE}"


def _policies(table: str) -> Iterator[str]:
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"CREATE POLICY every_post ON {table} FOR SELECT TO {ANALYST} USING (true)"
    yield (
        f"CREATE POLICY own_posts ON {table} FOR SELECT TO {PROVINCE}"
        " USING (post_id = ANY ((SELECT visible_posts())::text[]))"
    )

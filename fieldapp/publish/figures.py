"""The figures in PostgreSQL: one function and the views over it, made from the SQL that the program itself counts by.

``figures(first_day, last_day, …)`` runs with the rights of the mirror's owner, so that analysts have numbers from
columns that they may not read. It counts only posts that the caller may see (``fieldapp/publish/access.py``).
"""

from collections.abc import Iterator, Mapping

from fieldapp.domain.indicators import INDICATORS
from fieldapp.i18n import _
from fieldapp.publish.access import SEES_ALL
from fieldapp.publish.dialect import literal, to_postgres
from fieldapp.publish.tables import PATH, RETURNED
from fieldapp.reports.figure_sql import GROUPS, HIGH, NARROW, SPEAKERS, Group, by_source, counts_sql, sums_sql
from fieldapp.reports.sources import BODIES, DEEDS, DEEDS_NOW, JOINT_RECORDS, MOVED
from fieldapp.reports.units import IN_USE, INSIDE, PLACES, SAME_CODE, UNIT_NAMED

ARGUMENTS = (
    "first_day date, last_day date, group_by text DEFAULT NULL, of_post text DEFAULT NULL, of_unit text DEFAULT NULL,"
    " in_units text DEFAULT 'then', on_day date DEFAULT CURRENT_DATE"
)

RESULT = (
    "part text, section text, code text, title text, value numeric, decimals bigint, unit_name text,"
    " approximate boolean, in_words text[], records bigint, adds_up boolean, place bigint, shared boolean"
)

PARAMETERS = {
    "first": "first_day",
    "last": "last_day",
    "today": "on_day",
    "day": "the_day",
    "view": "in_units",
    "post": "the_post",
    "units[]": "(SELECT unnest(the_units))",
    "units": "the_units",
    "former": "former",
    "used[]": "(SELECT unnest(used))",
    "unit": "the_unit",
    "returned[]": f"(SELECT record_id FROM {RETURNED})",
}

WORDS = r"""ARRAY(SELECT x.note FROM (SELECT DISTINCT ON (split_part(w, E'\t', 1)) split_part(w, E'\t', 2) AS at,
    substr(w, length(split_part(w, E'\t', 1) || split_part(w, E'\t', 2)) + 3) AS note FROM unnest(s.words) w
    WHERE w IS NOT NULL ORDER BY split_part(w, E'\t', 1), split_part(w, E'\t', 2) COLLATE "C") x
    ORDER BY x.at COLLATE "C")"""
"""Words for a number, each once in the spelling that occurs first (``reports.figures._words``)"""

BOOLEANS = ("approximate",)


def create_views() -> Iterator[str]:
    """The statements that make the functions and views; the search path of the session finds their names."""
    yield _units_inside()
    yield _figures()
    about = _("The figures of a period, as the program reports them. group_by: {groups}; in_units: then, now")
    yield f"COMMENT ON FUNCTION figures IS {literal(about.format(groups=', '.join(g for g in GROUPS if g)))}"
    for name, step, title in (
        ("figures_by_year", "1 year", _("The figures of each year in which something was recorded")),
        ("figures_by_month", "1 month", _("The figures of each month of the last ten years")),
    ):
        yield _over(name, step, None)
        yield f"COMMENT ON VIEW {name} IS {literal(title)}"
    yield _over("figures_by_post", "1 year", "post")
    yield f"COMMENT ON VIEW figures_by_post IS {literal(_('The figures of each post and year'))}"


def _units_inside() -> str:
    """The statement that makes the function ``units_inside``, which each query of a province's login calls.

    A plan for any array and either value of ``former`` takes four times as long as one for those given.
    """
    names = {"inside[]": "(SELECT unnest(found) AS id)", "day": "the_day", "former": "former"}
    step = to_postgres(INSIDE, names)
    return f"""
        CREATE FUNCTION units_inside(of_units text[], the_day date, former boolean) RETURNS text[]
        LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan {PATH} AS $$
        DECLARE found text[] := of_units; more text[];
        BEGIN
            LOOP
                SELECT array_agg(s.id) INTO more FROM ({step}) s (id) WHERE s.id <> ALL (found);
                IF more IS NULL THEN RETURN found; END IF;
                found := found || more;
            END LOOP;
        END $$"""


def _figures() -> str:
    part, speaker = _by_group(GROUPS), _by_group(SPEAKERS)
    narrow = f"{NARROW} AND (everything OR f.post_id = ANY (seen))"
    queries = [
        f"""RETURN QUERY SELECT s.part, s.section, CASE WHEN s.kind_id IS NULL THEN s.code
            ELSE s.kind_code || '.' || s.code END, CASE WHEN s.kind_id IS NULL THEN s.name ELSE s.kind_name END,
            s.high * {HIGH} + s.low, s.decimals, s.unit_name, s.approximate = 1, {WORDS}, s.records,
            true, s.place, s.shared = 1 FROM ({_postgres(sums_sql(part, speaker, narrow))}) s;"""
    ]
    place = {indicator.code: 10**6 + at for at, indicator in enumerate(INDICATORS)}
    for source, indicators in by_source():
        lines = ", ".join(
            f"({literal(i.section)}, {literal(i.code)}, {literal(_(i.title))}, {literal(_(i.unit))},"
            f" {str(i.adds_up).lower()}, {place[i.code]}::bigint, q.v{at}, q.n{at})"
            for at, i in enumerate(indicators)
        )
        queries.append(
            f"""RETURN QUERY SELECT q.part, x.section, x.code, x.title, x.value::numeric, 0::bigint, x.unit_name,
                false, ARRAY[]::text[], x.records, x.adds_up, x.place, false
                FROM ({_postgres(counts_sql(source, indicators, part, narrow))}) q CROSS JOIN LATERAL (VALUES {lines})
                x (section, code, title, unit_name, adds_up, place, value, records) WHERE x.records > 0;"""
        )
    return f"""
        CREATE FUNCTION figures({ARGUMENTS}) RETURNS TABLE ({RESULT})
        LANGUAGE plpgsql STABLE SECURITY DEFINER {PATH} AS $$
        #variable_conflict use_column
        DECLARE
            the_post text; the_unit text; the_units text[]; seen text[];
            the_day date := CASE in_units WHEN 'then' THEN last_day ELSE on_day END;
            used text[]; moved text[]; moved_to text[]; bodies text[]; bodies_to text[]; former boolean := false;
            everything boolean := {SEES_ALL};
        BEGIN
            IF group_by IS NOT NULL AND group_by NOT IN ({", ".join(literal(g) for g in GROUPS if g)}) THEN
                RAISE EXCEPTION 'group_by: post, commune, kind, event or ethnic_group';
            END IF;
            seen := visible_posts();
            IF of_post IS NOT NULL THEN
                SELECT p.id INTO the_post FROM post p
                WHERE (p.id = of_post OR p.code = of_post) AND p.voided_at IS NULL;
                IF the_post IS NULL THEN RAISE EXCEPTION 'there is no post %', of_post; END IF;
            END IF;
            IF of_unit IS NOT NULL THEN
                SELECT u.id INTO the_unit FROM ({to_postgres(UNIT_NAMED, PARAMETERS | {"text": "of_unit"})} LIMIT 1) u;
                IF the_unit IS NULL THEN RAISE EXCEPTION 'there is no unit %', of_unit; END IF;
            END IF;
            used := ARRAY(SELECT unnest(ARRAY[n.unit_id, n.unit_now_id]) FROM ({_postgres(IN_USE)}) n) || the_unit;
            SELECT array_agg(p.unit_id), array_agg(p.place_id),
                array_agg(p.unit_id) FILTER (WHERE p.own), array_agg(p.place_id) FILTER (WHERE p.own)
                INTO moved, moved_to, bodies, bodies_to
                FROM (SELECT r.*, r.base_id = r.unit_id AS own FROM ({_postgres(PLACES)}) r) p;
            IF the_unit IS NOT NULL THEN
                former := the_unit = ANY (coalesce(moved, '{{}}'));
                the_units := units_inside(ARRAY({_postgres(SAME_CODE)}), the_day, former);
            END IF;
            {" ".join(queries)}
        END $$"""


def _by_group(parts: Mapping[Group | None, str]) -> str:
    group = " ".join(f"WHEN '{name}' THEN {sql}" for name, sql in parts.items() if name)
    return f"CASE group_by {group} END"


def _postgres(sql: str) -> str:
    for source, name in ((MOVED, "moved"), (BODIES, "bodies")):
        sql = sql.replace(source, f"SELECT * FROM unnest({name}, {name}_to) AS n (unit_id, today_id)")
    # the caller does not learn what posts recorded of a deed that they may not see
    own = "SELECT deed.*, NULL AS left_out FROM deed WHERE everything OR deed.post_id = ANY (seen)"
    return to_postgres(sql.replace(DEEDS, DEEDS_NOW).replace(JOINT_RECORDS, own), PARAMETERS, BOOLEANS)


def _over(name: str, step: str, group: str | None) -> str:
    """A view of the figures of each year since the first activity, or of each month of the last ten years."""
    begin = "(SELECT min(date_from) FROM activity)" if step == "1 year" else "CURRENT_DATE - interval '10 years'"
    grouped = f", {literal(group)}" if group else ""
    unit = step.removeprefix("1 ")
    return f"""CREATE VIEW {name} AS
        SELECT p.first_day::date, (p.first_day + interval '{step}' - interval '1 day')::date AS last_day, f.*
        FROM generate_series(date_trunc('{unit}', ({begin})::timestamp), CURRENT_DATE::timestamp, interval '{step}')
            AS p (first_day)
        CROSS JOIN LATERAL figures(p.first_day::date,
            (p.first_day + interval '{step}' - interval '1 day')::date{grouped}) f"""

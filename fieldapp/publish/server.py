"""The connection to PostgreSQL. libpq finds secrets by itself: in a password file, a service or the environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fieldapp.errors import FieldappError
from fieldapp.i18n import _

LOCK = 0x6669656C64  # "field"
"""Advisory lock: one mirror at a time"""

SECRETS = ("password", "sslpassword")

OLDEST = 150000
"""PostgreSQL 15 is the first with views that use the reader's rights"""


def check_url(url: str) -> None:
    """FieldappError if the address is invalid or holds a secret: everybody on this machine can see a command line."""
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except Exception:
        raise FieldappError(
            _("That is no address of a database, such as postgresql://host/name. Nothing was sent.")
        ) from None
    if any(parts.get(secret) for secret in SECRETS):
        raise FieldappError(
            _(
                "The address holds a password, which everybody on this machine can read. Take it out: put it into the"
                " file that PGPASSFILE names (~/.pgpass), or into a service. Nothing was sent."
            )
        )


@contextmanager
def connect_server(url: str) -> Iterator[Any]:
    """A psycopg connection in autocommit; no other may write the mirror meanwhile.

    FieldappError gives PostgreSQL's message.
    """
    try:
        import psycopg
    except ImportError:
        raise FieldappError(
            _('This needs a further library: pip install "fieldapp[hq]". Nothing was changed.')
        ) from None
    check_url(url)
    try:
        with psycopg.connect(url, autocommit=True, application_name="fieldapp", connect_timeout=30) as connection:
            if connection.info.server_version < OLDEST:
                raise FieldappError(_("PostgreSQL 15 or newer is needed. Nothing was changed."))
            encoding = connection.info.parameter_status("server_encoding")
            if encoding != "UTF8":
                raise FieldappError(
                    _("The database is in {encoding}; it must be in UTF8. Nothing was changed.").format(
                        encoding=encoding
                    )
                )
            connection.execute("SET client_encoding = 'UTF8'")
            connection.execute("SET client_min_messages = warning")
            connection.execute("SET lock_timeout = '60s'")
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise FieldappError(
            _("Another mirror is at work, or a reader blocks it. What was written is whole; run it again later.")
        ) from None
    except psycopg.Error as error:
        message = str(error).strip().splitlines() or [type(error).__name__]
        raise FieldappError(
            _("PostgreSQL refused: {why}. What was written is whole; running it again goes on from there.").format(
                why=message[0].rstrip(".")
            )
        ) from error

"""The database's own refusal to change or delete an event, made by triggers. Made by a migration; tests lift it.

SQLite loses the triggers of a table when a migration remakes it: such a migration calls `install` at its end, and a
test watches that the last migration leaves them all.
"""

from collections.abc import Iterator
from contextlib import contextmanager

REFUSAL = "The audit trail is append-only."
# INSERT OR REPLACE deletes what is in its way, and SQLite fires no trigger for that; so it is refused beforehand.
SQLITE = {
    "audit_no_update": "BEFORE UPDATE ON accounts_auditevent",
    "audit_no_delete": "BEFORE DELETE ON accounts_auditevent",
    "audit_no_replace": "BEFORE INSERT ON accounts_auditevent WHEN EXISTS"
    " (SELECT 1 FROM accounts_auditevent WHERE id = NEW.id OR sequence = NEW.sequence)",
}
POSTGRESQL = {
    "audit_append_only": "BEFORE UPDATE OR DELETE ON accounts_auditevent FOR EACH ROW",
    "audit_no_truncate": "BEFORE TRUNCATE ON accounts_auditevent FOR EACH STATEMENT",
}
FUNCTION = "accounts_audit_refuse"


def install(connection) -> None:
    if connection.vendor == "sqlite":
        statements = [sqlite_trigger(name) for name in SQLITE]
    else:
        statements = [
            f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
        ]
        for name, what in POSTGRESQL.items():
            statements.append(f"CREATE TRIGGER {name} {what} EXECUTE FUNCTION {FUNCTION}()")
            # Also where a session says that it only copies what another server has decided.
            statements.append(f"ALTER TABLE accounts_auditevent ENABLE ALWAYS TRIGGER {name}")
    run(connection, statements)


def remove(connection) -> None:
    if connection.vendor == "sqlite":
        run(connection, [f"DROP TRIGGER {name}" for name in SQLITE])
    else:
        # No trigger can be dropped while the checks of foreign keys wait for the end of the transaction.
        run(connection, ["SET CONSTRAINTS ALL IMMEDIATE", f"DROP FUNCTION {FUNCTION}() CASCADE"])


def missing(connection) -> list[str]:
    """Name the triggers that are not there, or not as they were made."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [name for name in SQLITE if found.get(name) != sqlite_trigger(name)]
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
            " WHERE tgrelid = 'accounts_auditevent'::regclass AND tgenabled = 'A' AND proname = %s",
            [FUNCTION],
        )
        present = {name for (name,) in cursor.fetchall()}
        return [name for name in POSTGRESQL if name not in present]


@contextmanager
def lifted(connection) -> Iterator[None]:
    """Let events be changed meanwhile: for tests, which must empty their database and tamper with it."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def sqlite_trigger(name: str) -> str:
    return f"CREATE TRIGGER {name} {SQLITE[name]} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"


def run(connection, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

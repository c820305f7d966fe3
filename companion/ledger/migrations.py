"""The ledger's schema, one function a step. A step that was released is never edited: add the next one.

Money is in picodollars (1e-12 USD) as int64; NULL is "unknown" and `unpriced` says why. Times are ns since the epoch.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("companion.ledger")


def upgrade(connection: sqlite3.Connection) -> None:
    """Applies what is pending, each step in its own transaction."""
    MIGRATIONS.apply(Database(connection))


@MIGRATIONS()
def m001_exchanges(db: Database) -> None:
    """Openings, closings, the day's sums kept by trigger, virtual keys."""
    for statement in _EXCHANGES:
        db.execute(statement)


@MIGRATIONS()
def m002_key_scopes(db: Database) -> None:
    """What a virtual key stands for and may do, when it ends, and the secrets that others have replaced."""
    for statement in _KEY_SCOPES:
        db.execute(statement)


@MIGRATIONS()
def m003_findings(db: Database) -> None:
    """What was found in a call, and what a person accepted of it."""
    for statement in _FINDINGS:
        db.execute(statement)


@MIGRATIONS()
def m004_cloud_calls(db: Database) -> None:
    """The services that commands call."""
    for statement in _CLOUD_CALLS:
        db.execute(statement)


# `unclosed` lets a start find what it has to close without reading the whole ledger.
_EXCHANGES = (
    """
    CREATE TABLE opening (
      id TEXT NOT NULL PRIMARY KEY,
      parent TEXT NOT NULL,
      at_ns INTEGER NOT NULL,
      kind TEXT NOT NULL,
      client TEXT NOT NULL,
      session TEXT NOT NULL,
      workspace TEXT NOT NULL,
      key_id TEXT NOT NULL,
      tier TEXT NOT NULL,
      dialect TEXT NOT NULL,
      model TEXT NOT NULL,
      summary TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX opening_kind ON opening (kind, id)",
    """
    CREATE TABLE closing (
      id TEXT NOT NULL PRIMARY KEY REFERENCES opening (id),
      at_ns INTEGER NOT NULL,
      local_day TEXT NOT NULL,
      ending TEXT NOT NULL,
      outcome TEXT NOT NULL,
      code TEXT NOT NULL,
      reason TEXT NOT NULL,
      guard TEXT NOT NULL,
      remarks TEXT NOT NULL,
      approver TEXT NOT NULL,
      upstream TEXT NOT NULL,
      model TEXT NOT NULL,
      calls INTEGER NOT NULL,
      status INTEGER NOT NULL,
      redactions INTEGER NOT NULL,
      input INTEGER,
      cache_read INTEGER,
      cache_write_5m INTEGER,
      cache_write_1h INTEGER,
      output INTEGER,
      reasoning INTEGER,
      usage_flags TEXT NOT NULL,
      cost_pd INTEGER,
      unpriced TEXT NOT NULL,
      price_source TEXT NOT NULL,
      CHECK (cost_pd IS NULL OR unpriced = '')
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE unclosed (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE roll_day (
      local_day TEXT NOT NULL,
      model TEXT NOT NULL,
      upstream TEXT NOT NULL,
      tier TEXT NOT NULL,
      client TEXT NOT NULL,
      workspace TEXT NOT NULL,
      key_id TEXT NOT NULL,
      calls INTEGER NOT NULL,
      input INTEGER NOT NULL,
      cache_read INTEGER NOT NULL,
      cache_write INTEGER NOT NULL,
      output INTEGER NOT NULL,
      cost_pd INTEGER NOT NULL,
      unpriced_calls INTEGER NOT NULL,
      unpriced_tokens INTEGER NOT NULL,
      PRIMARY KEY (local_day, model, upstream, tier, client, workspace, key_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TRIGGER opening_queued AFTER INSERT ON opening BEGIN INSERT INTO unclosed (id) VALUES (NEW.id); END",
    "CREATE TRIGGER closing_settled AFTER INSERT ON closing BEGIN DELETE FROM unclosed WHERE id = NEW.id; END",
    """
    CREATE TRIGGER closing_rolled AFTER INSERT ON closing
    WHEN NEW.calls > 0 OR NEW.input IS NOT NULL OR NEW.cost_pd IS NOT NULL OR NEW.unpriced <> ''
    BEGIN
      INSERT INTO roll_day
      SELECT
        NEW.local_day,
        CASE NEW.model WHEN '' THEN o.model ELSE NEW.model END,
        NEW.upstream, o.tier, o.client, o.workspace, o.key_id,
        NEW.calls,
        ifnull(NEW.input, 0),
        ifnull(NEW.cache_read, 0),
        ifnull(NEW.cache_write_5m + NEW.cache_write_1h, 0),
        ifnull(NEW.output, 0),
        ifnull(NEW.cost_pd, 0),
        CASE NEW.unpriced WHEN '' THEN 0 ELSE NEW.calls END,
        CASE NEW.unpriced WHEN '' THEN 0 ELSE ifnull(
          NEW.input + NEW.cache_read + NEW.cache_write_5m + NEW.cache_write_1h + NEW.output, 0) END
      FROM opening AS o WHERE o.id = NEW.id
      ON CONFLICT DO UPDATE SET
        calls = calls + excluded.calls,
        input = input + excluded.input,
        cache_read = cache_read + excluded.cache_read,
        cache_write = cache_write + excluded.cache_write,
        output = output + excluded.output,
        cost_pd = cost_pd + excluded.cost_pd,
        unpriced_calls = unpriced_calls + excluded.unpriced_calls,
        unpriced_tokens = unpriced_tokens + excluded.unpriced_tokens;
    END
    """,
    *(
        f"CREATE TRIGGER {table}_{verb.lower()}_refused BEFORE {verb} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for table in ("opening", "closing")
        for verb in ("UPDATE", "DELETE")
    ),
    # REPLACE deletes without a DELETE trigger: the first line of an id stays, whatever comes after it.
    *(
        f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} "  # noqa: S608 - no input
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) BEGIN SELECT RAISE(IGNORE); END"
        for table in ("opening", "closing")
    ),
    """
    CREATE TABLE virtual_key (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      sha256 BLOB NOT NULL UNIQUE,
      created_at_ns INTEGER NOT NULL,
      revoked_at_ns INTEGER,
      last_used_at_ns INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX virtual_key_name ON virtual_key (name) WHERE revoked_at_ns IS NULL",
)

# An empty list permits everything, which is what the keys of before could do.
_KEY_SCOPES = (
    *(f"ALTER TABLE virtual_key ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for name in ("project", "user", "team")),
    *(f"ALTER TABLE virtual_key ADD COLUMN {name} TEXT NOT NULL DEFAULT '[]'" for name in ("tags", "tiers", "models")),
    "ALTER TABLE virtual_key ADD COLUMN expires_at_ns INTEGER",
    """
    CREATE TABLE retired_secret (
      sha256 BLOB NOT NULL PRIMARY KEY,
      key_id TEXT NOT NULL REFERENCES virtual_key (id),
      ends_at_ns INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX retired_secret_key ON retired_secret (key_id)",
)

# `closing_found` lets a finding be looked up without reading all the calls that had none.
_FINDINGS = (
    "ALTER TABLE closing ADD COLUMN findings TEXT NOT NULL DEFAULT '[]'",
    "CREATE INDEX closing_found ON closing (id) WHERE findings <> '[]'",
    """
    CREATE TABLE acceptance (
      id TEXT NOT NULL PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      rule TEXT NOT NULL,
      scope TEXT NOT NULL,
      shown TEXT NOT NULL,
      note TEXT NOT NULL,
      made_by TEXT NOT NULL,
      made_at_ns INTEGER NOT NULL,
      expires_at_ns INTEGER,
      revoked_at_ns INTEGER,
      CHECK ((fingerprint = '') <> (rule = ''))
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER acceptance_kept BEFORE DELETE ON acceptance
    BEGIN SELECT RAISE(ABORT, 'what was accepted stays on record'); END
    """,
    """
    CREATE TRIGGER acceptance_fixed BEFORE UPDATE ON acceptance
    WHEN OLD.revoked_at_ns IS NOT NULL OR (NEW.id, NEW.fingerprint, NEW.rule, NEW.scope, NEW.shown, NEW.note,
        NEW.made_by, NEW.made_at_ns) <> (OLD.id, OLD.fingerprint, OLD.rule, OLD.scope, OLD.shown, OLD.note,
        OLD.made_by, OLD.made_at_ns) OR NEW.expires_at_ns IS NOT OLD.expires_at_ns
    BEGIN SELECT RAISE(ABORT, 'what was accepted stays on record'); END
    """,
)

# `closing_cloud` lets them be listed without reading all the commands that call none.
_CLOUD_CALLS = (
    "ALTER TABLE closing ADD COLUMN cloud TEXT NOT NULL DEFAULT '[]'",
    "CREATE INDEX closing_cloud ON closing (id) WHERE cloud <> '[]'",
)

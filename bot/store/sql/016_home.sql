CREATE TABLE home (
    user TEXT PRIMARY KEY,
    opened_at TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    shown INTEGER NOT NULL DEFAULT 0,
    digest TEXT NOT NULL DEFAULT '',
    published_at TEXT
);

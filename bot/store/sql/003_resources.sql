CREATE TABLE resource (
    ref TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    aws_id TEXT NOT NULL,
    data TEXT NOT NULL DEFAULT '{}',
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT '',
    state_since TEXT,
    idle_since TEXT,
    at_least INTEGER NOT NULL DEFAULT 0,
    gone_at TEXT,
    UNIQUE (account, region, kind, aws_id)
);

CREATE TABLE hold (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    what TEXT NOT NULL,
    until TEXT NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
);

CREATE TABLE reminder (
    owner TEXT NOT NULL,
    day TEXT NOT NULL,
    dest TEXT NOT NULL,
    data TEXT NOT NULL,
    at TEXT NOT NULL,
    answered_at TEXT,
    PRIMARY KEY (owner, day)
);

CREATE TABLE scan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    data TEXT NOT NULL
);

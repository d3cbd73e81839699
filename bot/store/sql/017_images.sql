CREATE TABLE image (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('saving', 'ending', 'saved', 'failed', 'deleted')),
    after TEXT NOT NULL CHECK (after IN ('keep', 'terminate', 'park')),
    machine TEXT NOT NULL DEFAULT '' CHECK (machine IN ('', 'ended', 'kept')),
    ref TEXT NOT NULL REFERENCES resource (ref),
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    instance TEXT NOT NULL,
    was TEXT NOT NULL,
    label TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    by TEXT NOT NULL,
    team TEXT NOT NULL,
    wanted TEXT NOT NULL,
    gb REAL NOT NULL,
    usd_per_month REAL,
    aws_id TEXT NOT NULL DEFAULT '',
    progress INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    launch TEXT NOT NULL DEFAULT '',
    asked_at TEXT NOT NULL,
    called_at TEXT,
    changed_at TEXT NOT NULL
);

CREATE INDEX image_state ON image (state);

CREATE UNIQUE INDEX image_one_at_a_time ON image (account, region, instance) WHERE state IN ('saving', 'ending');

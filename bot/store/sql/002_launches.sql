CREATE TABLE launch (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    team TEXT NOT NULL,
    asker TEXT NOT NULL,
    state TEXT NOT NULL,
    wanted TEXT NOT NULL,
    offer TEXT NOT NULL DEFAULT '{}',
    shown TEXT NOT NULL DEFAULT '',
    usd_per_hour REAL,
    usd_total REAL,
    needed INTEGER NOT NULL DEFAULT 1,
    reply TEXT NOT NULL DEFAULT '{}',
    card_channel TEXT NOT NULL DEFAULT '',
    asked_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT NOT NULL DEFAULT '[]',
    how TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    until TEXT,
    instance_ids TEXT NOT NULL DEFAULT '[]',
    machine TEXT NOT NULL DEFAULT '{}',
    progress TEXT NOT NULL DEFAULT '',
    started_at TEXT,
    ended_at TEXT,
    error_code TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    way_out TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL
);

CREATE INDEX launch_state ON launch (state);

CREATE INDEX launch_decided ON launch (decided_at);

CREATE TABLE vote (
    launch TEXT NOT NULL REFERENCES launch (id),
    person TEXT NOT NULL,
    shown TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (launch, person)
);

CREATE TABLE attempt (
    id TEXT PRIMARY KEY,
    launch TEXT NOT NULL REFERENCES launch (id),
    n INTEGER NOT NULL,
    region TEXT NOT NULL,
    zone TEXT NOT NULL,
    params TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'launched', 'refused')),
    calls INTEGER NOT NULL DEFAULT 0,
    called_at TEXT,
    unsure INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    error_code TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    instance_ids TEXT NOT NULL DEFAULT '[]',
    UNIQUE (launch, n)
);

CREATE UNIQUE INDEX attempt_one_stands ON attempt (launch) WHERE state != 'refused';

CREATE TABLE estimate (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    team TEXT NOT NULL,
    asker TEXT NOT NULL,
    at TEXT NOT NULL,
    data TEXT NOT NULL
);

CREATE TABLE extension (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    launch TEXT NOT NULL REFERENCES launch (id),
    state TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    data TEXT NOT NULL
);

CREATE INDEX extension_launch ON extension (launch);

CREATE UNIQUE INDEX extension_one_waits ON extension (launch) WHERE state = 'asked';

CREATE TABLE finding (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    at TEXT NOT NULL,
    level TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    safe INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL
);

CREATE INDEX finding_level ON finding (level);

CREATE TABLE history (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    at TEXT NOT NULL,
    pause REAL NOT NULL,
    data TEXT NOT NULL
);

CREATE TABLE belongs (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    owner TEXT NOT NULL,
    how TEXT NOT NULL,
    tag TEXT NOT NULL DEFAULT '',
    by TEXT NOT NULL DEFAULT '',
    at TEXT NOT NULL
);

CREATE TABLE answer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT NOT NULL REFERENCES resource (ref),
    at TEXT NOT NULL,
    what TEXT NOT NULL,
    by TEXT NOT NULL,
    words TEXT NOT NULL
);

CREATE INDEX answer_ref ON answer (ref, at);

CREATE TABLE told (
    ref TEXT NOT NULL REFERENCES resource (ref),
    dest TEXT NOT NULL,
    day TEXT NOT NULL,
    marks INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    PRIMARY KEY (ref, dest, day)
);

CREATE INDEX told_dest ON told (dest, day);

CREATE TABLE spend (
    day TEXT NOT NULL,
    owner TEXT NOT NULL,
    usd REAL NOT NULL DEFAULT 0,
    idle REAL NOT NULL DEFAULT 0,
    kept REAL NOT NULL DEFAULT 0,
    saved REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (day, owner)
);

CREATE TABLE saving (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    by TEXT NOT NULL,
    usd_per_hour REAL NOT NULL,
    begun TEXT NOT NULL
);

CREATE TABLE billed (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    until TEXT NOT NULL,
    usd_per_hour REAL,
    at_work INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT ''
);

ALTER TABLE spend ADD COLUMN unseen REAL NOT NULL DEFAULT 0;

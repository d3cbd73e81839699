CREATE TABLE schedule (
    ref TEXT PRIMARY KEY REFERENCES resource (ref),
    days TEXT NOT NULL,
    begins TEXT NOT NULL,
    ends TEXT NOT NULL,
    zone TEXT NOT NULL,
    by TEXT NOT NULL,
    set_at TEXT NOT NULL,
    done TEXT NOT NULL,
    due TEXT NOT NULL,
    kept_since TEXT,
    kept_until TEXT,
    asleep_at TEXT,
    note TEXT NOT NULL DEFAULT ''
);

CREATE INDEX schedule_due ON schedule (due);

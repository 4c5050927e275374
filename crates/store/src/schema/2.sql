-- What is spent of each quota in its current window.
CREATE TABLE quota (
    name   TEXT    PRIMARY KEY,
    window INTEGER NOT NULL,  -- when it began, ms since the Unix epoch
    spent  INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

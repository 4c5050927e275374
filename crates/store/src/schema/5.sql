-- What other agencies ask us to ask on, and waits for an officer of ours. The ask itself is encrypted.
CREATE TABLE vetting (
    id         INTEGER PRIMARY KEY,
    reference  BLOB    NOT NULL UNIQUE,
    origin     TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'approved', 'refused', 'spent')),
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    -- Who decided, and in which words; encrypted.
    decision   BLOB,
    -- With whom, and under which reference, it waits in turn.
    beyond     BLOB
) STRICT;
CREATE INDEX vetting_origin ON vetting (origin, state);
CREATE INDEX vetting_keep_until ON vetting (keep_until);

-- What we asked, and whose answer is to come. Everything but who was asked is encrypted.
CREATE TABLE pending (
    watch      BLOB    NOT NULL,
    agency     TEXT    NOT NULL,
    keep_until INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    -- What came of it in the end; encrypted.
    ended      BLOB,
    PRIMARY KEY (watch, agency)
) WITHOUT ROWID, STRICT;
CREATE INDEX pending_keep_until ON pending (keep_until);

-- The ledger. One row names the end of the log; every group locks it first.
CREATE TABLE ledger_head (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    frontier BLOB    NOT NULL,  -- the complete subtrees at the log's right edge
    epoch    INTEGER NOT NULL,  -- of the rules that writes are decided under
    floor    INTEGER NOT NULL   -- time of the newest entry, ms since the Unix epoch
) STRICT;

CREATE TABLE entry (
    idx   INTEGER PRIMARY KEY,
    leaf  BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

-- Complete subtrees above the leaves; level 0 is entry.leaf.
CREATE TABLE hash (
    level INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    hash  BLOB    NOT NULL,
    PRIMARY KEY (level, idx)
) WITHOUT ROWID, STRICT;

CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

CREATE TABLE peer_checkpoint (
    agency TEXT PRIMARY KEY,
    size   INTEGER NOT NULL,
    note   TEXT    NOT NULL
) WITHOUT ROWID, STRICT;

-- Requests seen, for replays and repeats. With a rowid, because answers are large.
CREATE TABLE request (
    origin     TEXT    NOT NULL,
    id         BLOB    NOT NULL,
    digest     BLOB    NOT NULL,
    attempt    INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    -- The first ledger entry of the write that answered it.
    entry      INTEGER NOT NULL,
    answer     BLOB    NOT NULL,
    UNIQUE (origin, id)
) STRICT;
CREATE INDEX request_keep_until ON request (keep_until);

-- The highest sequence or version seen of each published document.
CREATE TABLE sequence (
    document TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    digest   BLOB    NOT NULL
) WITHOUT ROWID, STRICT;

-- The register: notices in generations, of which each source shows one.
CREATE TABLE generation (
    generation INTEGER PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('staged', 'live', 'dropped')),
    source     TEXT
) STRICT;
CREATE UNIQUE INDEX generation_live ON generation (source) WHERE state = 'live';

CREATE TABLE notice (
    generation INTEGER NOT NULL,
    number     TEXT    NOT NULL,
    bytes      BLOB    NOT NULL,
    UNIQUE (number, generation)
) STRICT;
CREATE INDEX notice_generation ON notice (generation);

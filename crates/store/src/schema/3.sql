-- Published documents with their signatures; what was kept stays.
CREATE TABLE document (
    digest      BLOB    NOT NULL,  -- SHA-256 of the bytes
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,
    -- Who proposed a text that not all have signed; null for what counts.
    proposed_by TEXT,
    UNIQUE (kind, digest)
) STRICT;
CREATE INDEX document_proposed_by ON document (proposed_by) WHERE proposed_by IS NOT NULL;

CREATE TABLE document_signature (
    kind   TEXT NOT NULL,
    digest BLOB NOT NULL,
    signer BLOB NOT NULL,  -- the key's id
    label  TEXT NOT NULL,
    cose   BLOB NOT NULL,
    PRIMARY KEY (kind, digest, signer)
) WITHOUT ROWID, STRICT;

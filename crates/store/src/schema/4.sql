-- Documents are counted by what they are about.
CREATE INDEX document_name ON document (kind, name);

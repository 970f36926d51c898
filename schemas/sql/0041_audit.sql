-- Who looked and did what: appended to, never changed, each row bound to the one before by its hash.
CREATE TABLE audit (
  n bigint PRIMARY KEY,               -- 1, 2, 3, … without a gap
  at timestamptz NOT NULL,
  actor text NOT NULL,                -- an account, a token, or cli:USER
  action text NOT NULL,
  object text NOT NULL,               -- what was looked at or changed
  detail text NOT NULL,               -- JSON, as it was hashed
  hash bytea NOT NULL                 -- SHA-256 of the hash before and of this row: web.audit_chain
);
CREATE INDEX audit_actor ON audit (actor, n DESC);
CREATE INDEX audit_object ON audit (object, n DESC);
CREATE INDEX audit_at ON audit (at);

-- The end of the chain, beside it: rows cut off the end are missed. Its row is also the lock that writers take in turn.
CREATE TABLE audit_head (
  one bool PRIMARY KEY DEFAULT true CHECK (one),
  n bigint NOT NULL,
  hash bytea NOT NULL
);
INSERT INTO audit_head (n, hash) VALUES (0, '');

CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit record is never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_kept_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_head_kept BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_head_kept_whole BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();

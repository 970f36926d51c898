-- The head of the audit record moves on to rows that are there, never back; and no session can switch the triggers off
-- with session_replication_role.
CREATE FUNCTION audit_head_moves_on() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.n <= OLD.n OR NOT EXISTS (SELECT FROM audit WHERE n = NEW.n AND hash = NEW.hash) THEN
    RAISE EXCEPTION 'the audit record is never changed or deleted' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_moves_on();
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_kept;
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_kept_whole;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_kept;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_kept_whole;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_moves_on;

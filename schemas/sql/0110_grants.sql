-- Who made a token or an account: it ends with its maker, and an administrator is always left.
ALTER TABLE api_tokens
  ADD parent int REFERENCES api_tokens (id) ON DELETE CASCADE, -- the token that made it; NULL: a session, the settings' token, the command line
  ADD settings bytea;                 -- SHA-256 of the settings' token that made it; NULL: another
ALTER TABLE accounts
  ADD made_by int REFERENCES api_tokens (id) ON DELETE SET NULL; -- the token that made it; NULL: a person, who need not stay for it
CREATE INDEX api_tokens_parent ON api_tokens (parent);
CREATE INDEX api_tokens_account ON api_tokens (account);
CREATE INDEX accounts_made_by ON accounts (made_by);

-- What an account made ends when its rights, time or password change, whoever changes them.
CREATE FUNCTION end_tokens_of_account() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM api_tokens WHERE account = NEW.name;
  RETURN NULL;
END $$;
CREATE TRIGGER accounts_end_tokens AFTER UPDATE ON accounts FOR EACH ROW
WHEN (OLD.role IS DISTINCT FROM NEW.role OR OLD.areas IS DISTINCT FROM NEW.areas
  OR OLD.officer IS DISTINCT FROM NEW.officer OR OLD.disabled IS DISTINCT FROM NEW.disabled
  OR OLD.valid_from IS DISTINCT FROM NEW.valid_from OR OLD.valid_to IS DISTINCT FROM NEW.valid_to
  OR OLD.password_hash IS DISTINCT FROM NEW.password_hash)
EXECUTE FUNCTION end_tokens_of_account();

CREATE FUNCTION end_children_of_token() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE accounts SET disabled = true, made_by = NULL WHERE made_by = OLD.id;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  DELETE FROM api_tokens WHERE parent = OLD.id;
  RETURN NEW;
END $$;
CREATE TRIGGER api_tokens_end_children BEFORE DELETE ON api_tokens FOR EACH ROW EXECUTE FUNCTION end_children_of_token();
CREATE TRIGGER api_tokens_narrowed BEFORE UPDATE ON api_tokens FOR EACH ROW
WHEN (OLD.role IS DISTINCT FROM NEW.role OR OLD.areas IS DISTINCT FROM NEW.areas
  OR OLD.scopes IS DISTINCT FROM NEW.scopes OR OLD.expires_at IS DISTINCT FROM NEW.expires_at)
EXECUTE FUNCTION end_children_of_token();

-- Somebody who can let everybody else in again: of the whole city, by password, now and without end.
CREATE FUNCTION is_lasting_administrator(one accounts) RETURNS bool LANGUAGE sql STABLE AS $$
  SELECT one.role = 'administrator' AND one.areas IS NULL AND NOT one.disabled AND one.issuer IS NULL
    AND one.made_by IS NULL AND one.valid_to IS NULL AND (one.valid_from IS NULL OR one.valid_from <= now())
$$;
CREATE FUNCTION administrator_is_left() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('patrol.accounts'));
  IF NOT EXISTS (SELECT FROM accounts a WHERE is_lasting_administrator(a)) THEN
    RAISE EXCEPTION 'no administrator would be left' USING ERRCODE = 'PG001';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER accounts_administrator_left AFTER UPDATE ON accounts FOR EACH ROW
WHEN (is_lasting_administrator(OLD) AND NOT is_lasting_administrator(NEW)) EXECUTE FUNCTION administrator_is_left();
CREATE TRIGGER accounts_administrator_left_deleted AFTER DELETE ON accounts FOR EACH ROW
WHEN (is_lasting_administrator(OLD)) EXECUTE FUNCTION administrator_is_left();

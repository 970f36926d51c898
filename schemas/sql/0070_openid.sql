-- An account that is made beforehand for somebody whom the OpenID provider vouches for has no subject before the first
-- sign-in: the provider says it then, and it stays.
DO $$
DECLARE
  found text;
BEGIN
  SELECT conname INTO STRICT found FROM pg_constraint
  WHERE conrelid = 'accounts'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%issuer%subject%';
  EXECUTE format('ALTER TABLE accounts DROP CONSTRAINT %I', found);
END $$;
ALTER TABLE accounts ADD CHECK (subject IS NULL OR issuer IS NOT NULL);

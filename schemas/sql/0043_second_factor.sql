-- Second factor, and where an account comes from. The time step of the last code is kept: a code opens once.
ALTER TABLE accounts
  ADD totp_secret bytea,              -- NULL: none
  ADD totp_confirmed bool NOT NULL DEFAULT false, -- a code of it was shown once: only then it is asked for
  ADD totp_step bigint NOT NULL DEFAULT 0,
  ADD recovery bytea[] NOT NULL DEFAULT '{}',     -- SHA-256 of the codes that are left
  ADD issuer text,                    -- of the OpenID provider that vouches; NULL: by password
  ADD subject text,
  ADD CHECK ((issuer IS NULL) = (subject IS NULL)),
  ADD UNIQUE (issuer, subject);

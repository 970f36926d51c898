-- What an account or token may see: a part of the city, for a time.
ALTER TABLE accounts
  ADD areas text[],                   -- codes of districts, streets, grids, with all below them; NULL: the whole city
  ADD valid_from timestamptz,         -- NULL: since ever
  ADD valid_to timestamptz,           -- NULL: without end
  ADD officer int REFERENCES officers, -- whose own record the account may read
  ADD CHECK (valid_to > valid_from);
-- The role of mere readers is called analyst now; it has fewer rights, never more.
UPDATE accounts SET role = 'analyst' WHERE role = 'viewer';
UPDATE api_tokens SET role = 'analyst' WHERE role = 'viewer';
ALTER TABLE accounts
  ADD CHECK (role IN ('administrator', 'commander', 'supervisor', 'analyst', 'officer', 'auditor'));
ALTER TABLE api_tokens
  ADD id int GENERATED ALWAYS AS IDENTITY UNIQUE,
  ADD areas text[],
  ADD scopes text[],                  -- permissions, a part of the role's; NULL: all of them
  ADD account text REFERENCES accounts ON DELETE CASCADE, -- who made it, and with whom it dies; NULL: the command line
  ADD CHECK (role IN ('administrator', 'commander', 'supervisor', 'analyst', 'officer', 'auditor'));
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX units_area ON units (area);
CREATE INDEX cells_grid ON cells (grid);
CREATE INDEX devices_unit ON devices (unit);
CREATE INDEX areas_parent ON areas (parent);

-- Rules as data: plans, thresholds of warnings, escalation. A version is appended and ended, never changed, so that
-- what was decided on at any time can be said.
CREATE TABLE rule_versions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,                 -- what it rules: plan, warning, officer, escalation, ...
  scope text NOT NULL,                -- city, class:CLASS, unit:UNIT, grid:CODE, cell:CODE; the narrowest holds
  body jsonb NOT NULL,
  valid_from timestamptz NOT NULL,
  valid_to timestamptz,               -- NULL: until a next version
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL,
  CHECK (valid_to > valid_from)
);
CREATE INDEX rule_versions_kind ON rule_versions (kind, scope, valid_from);

-- A broker does not tell whether a device heard, so an order to go somewhere is repeated until it is answered.
ALTER TABLE commands ADD COLUMN closed_at timestamptz;  -- nothing more is to be sent: it was told, or answered
DROP INDEX commands_waiting;
CREATE INDEX commands_waiting ON commands (next_at) WHERE closed_at IS NULL;

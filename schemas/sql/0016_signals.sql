-- What the watcher of officers asks for at every look.
CREATE INDEX events_signals ON events (t) WHERE type IN ('sos', 'sign_in', 'sign_out');
CREATE INDEX alerts_opened ON alerts (opened_at);

-- Coverage gaps that ended with a visit after their limit: what comes late may show that there was one in time.
CREATE INDEX alerts_late ON alerts (ended_at) WHERE kind = 'coverage_gap' AND state = 'resolved' AND level = 'red';

-- Nearly every earlier state of a stay or run ended within three minutes of its begin, and is found by when it ended. Only
-- those that lasted longer are in a tree of ranges: to write one of all cost as much as all else of a state.
DROP INDEX stay_growth_known;
CREATE INDEX stay_growth_lasting ON stay_growth USING gist (tstzrange(known_from, known_to))
  WHERE known_from IS NULL OR known_to - known_from > interval '3 min';
DROP INDEX run_history_known;
CREATE INDEX run_history_lasting ON run_history USING gist (tstzrange(known_from, known_to))
  WHERE known_from IS NULL OR known_to - known_from > interval '3 min';

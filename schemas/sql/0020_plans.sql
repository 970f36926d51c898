-- Limits, dwell and path become plans: rules as data of kind 'plan', the city's defaults and one for each class since ever.
CREATE UNIQUE INDEX rule_versions_begin ON rule_versions (kind, scope, valid_from);

INSERT INTO rule_versions (kind, scope, body, valid_from, made_by)
SELECT 'plan', 'city', jsonb_build_object(
         'limit_s', 14400, 'dwell_s', 180, 'path_m', 150, 'path_road_share', 0.25,
         'duty', jsonb_build_array(jsonb_build_object('days', '[]'::jsonb, 'hours', s.value))),
       'epoch', 'system'
FROM settings s WHERE s.key = 'duty_windows';
DELETE FROM settings WHERE key = 'duty_windows';

INSERT INTO rule_versions (kind, scope, body, valid_from, made_by)
SELECT 'plan', 'class:' || class, jsonb_build_object(
         'limit_s', limit_s, 'dwell_s', dwell_s, 'path_m', path_m,
         'limits', CASE WHEN peak = '[]' THEN '[]'::jsonb ELSE jsonb_build_array(
           jsonb_build_object('days', '[]'::jsonb, 'hours', peak, 'limit_s', limit_peak_s)) END),
       'epoch', 'system'
FROM cell_classes;
ALTER TABLE cell_classes DROP COLUMN limit_s, DROP COLUMN limit_peak_s, DROP COLUMN peak, DROP COLUMN dwell_s,
                         DROP COLUMN path_m;

-- Imported days that are not what weekends and the built-in table say.
CREATE TABLE calendar_days (
  day date PRIMARY KEY,
  workday bool NOT NULL,
  name text,
  source text NOT NULL,               -- file or caller it came from
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL
);

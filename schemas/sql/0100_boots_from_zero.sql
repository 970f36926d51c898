-- A boot is acknowledged from 0 without a gap: what was told is noted, and so is each number that no fix will show.
-- The old notes went from the first number that happened to come; they prove nothing of the numbers before it.
DELETE FROM boots;
ALTER TABLE boots DROP COLUMN upto;
ALTER TABLE boots ADD COLUMN settled int8multirange NOT NULL;  -- numbers that need not be sent again

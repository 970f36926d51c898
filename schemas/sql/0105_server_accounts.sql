-- Names of the server's own accounts at the broker: no device may bear one, as a device's name is its account.
CREATE TABLE server_accounts (name text PRIMARY KEY);

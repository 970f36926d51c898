"""Which facts a person must see: rules, pre-warnings, the life of an alert; and their store."""

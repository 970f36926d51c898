"""Routes of the REST API; permissions are in web/auth/route_rules.py."""

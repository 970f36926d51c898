"""Routes of the REST surface; permissions are in web/auth/route_rules.py."""

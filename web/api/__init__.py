"""Routes of the REST surface; permissions are in web/auth/policy.py."""

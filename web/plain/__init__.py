"""Server-rendered pages without JavaScript for users without a map: auditors and officers."""

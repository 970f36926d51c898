"""Rules of coverage gaps: limits, pre-warnings, and officers who can still prevent a gap."""

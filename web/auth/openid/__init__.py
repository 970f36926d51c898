"""Sign-in by the site's own OpenID provider: code flow with PKCE, claims to accounts and roles."""

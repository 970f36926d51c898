"""Sign-in with an OpenID provider: code flow with PKCE, claims to accounts and roles."""

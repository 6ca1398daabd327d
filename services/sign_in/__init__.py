"""Signing in with an identity of another provider (OpenID Connect)."""

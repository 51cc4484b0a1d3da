"""Dependency injection with request scopes and one canonical factory for each type."""

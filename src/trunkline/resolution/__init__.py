"""Open scopes: entering, resolving, waiting, tearing down."""

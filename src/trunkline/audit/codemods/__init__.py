"""Rewrites of what is safe to rewrite; LibCST is imported only when one is made."""

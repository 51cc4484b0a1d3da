"""From a blueprint to Python code: plan, source, loading."""

"""The composition root: the only folder that knows both the framework and the runtime."""

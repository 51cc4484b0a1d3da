"""Reading source files: bytes to facts, without importing anything that is read."""

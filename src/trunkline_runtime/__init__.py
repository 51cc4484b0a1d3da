"""The reference runtime: typed user contexts, a websocket bridge and an engine for each user."""

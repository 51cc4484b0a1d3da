"""The composition root: the only folder that knows both the framework and the runtime.

``application`` is what starts; it is ``request`` on top of ``infrastructure``. ``sessions`` opens
the scopes for the server, ``legacy`` leads the old names to the providers.
"""

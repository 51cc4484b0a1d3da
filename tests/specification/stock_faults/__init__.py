"""Faults of dependency-injector, beside what trunkline makes of the same declaration.

The stock half of each test shows the fault in the version that is installed. Where a later version
mends one, that half fails and says that the fault can leave the documentation.
"""

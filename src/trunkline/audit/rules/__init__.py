"""The rules, one a file; `trunkline.audit.registry` lists them from their names."""

"""The rules, a module a family. Importing one adds its rules to ``RULES``."""

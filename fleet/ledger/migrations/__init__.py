"""Migrations of older ledgers, a module a step. A step is frozen: it spells out its SQL and never reads the schema."""

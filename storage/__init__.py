"""Postgres: tables and plain functions over a connection, tenant always an argument."""

"""Postgres and Valkey for the demo and the tests: started by us from packaged binaries, gone when we are gone."""

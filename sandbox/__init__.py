"""Stand-ins for the outside world, used by the demonstration and the tests, never by production."""

"""The `flask` command line: one file per command, above everything else; nothing imports it but `app`."""

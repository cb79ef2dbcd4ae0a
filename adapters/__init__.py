"""The outside world, one file or folder per vendor; a vendor's errors stop here."""

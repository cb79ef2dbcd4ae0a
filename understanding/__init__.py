"""From the text of a mail to what it is about, and how sure that is."""

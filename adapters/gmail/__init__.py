"""Gmail: reading and acting in one mailbox through Google's own client. Google's errors stop here."""

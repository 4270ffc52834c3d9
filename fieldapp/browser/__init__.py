"""The same program in a browser on this machine, for a leader's desk."""

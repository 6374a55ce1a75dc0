"""What Treadle counts and times: which figures there are, where processes keep them, and how they are told."""

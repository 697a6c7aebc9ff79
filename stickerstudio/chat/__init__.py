"""Who is on the other end: the transcript and the scripted friend. No Qt, no torch."""

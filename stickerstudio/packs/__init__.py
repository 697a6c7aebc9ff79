"""What each chat platform accepts, and packs made to fit. No Qt, no torch."""

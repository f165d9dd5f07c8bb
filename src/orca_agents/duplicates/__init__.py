"""Find items that are copies of one another, however many there are."""

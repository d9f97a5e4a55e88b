"""What can be broken, and how it ends: each with an undo that is recorded first, runs on every exit, and expires."""

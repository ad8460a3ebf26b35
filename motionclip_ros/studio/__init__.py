"""The page in the browser: say something, watch person and robot do it, and look closer."""

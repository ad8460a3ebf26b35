"""Where a robot touches itself: capsules for the solver, convex hulls for the verdict."""

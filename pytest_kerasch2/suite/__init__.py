"""The chapter under pytest: session, collection, reporting, environment, terminal."""

"""Values that every floor shares. No clock, disk, socket or event loop is touched here."""

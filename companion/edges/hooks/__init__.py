"""The second layer: agents ask through their hooks, in the moment before they run something."""

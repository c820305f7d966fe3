"""How `companion connect` sets each coding agent up, and how `companion doctor` looks after it."""

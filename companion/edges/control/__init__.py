"""The control API: what faces ask and answer. Two scopes, one router each."""

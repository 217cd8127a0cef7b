"""Other tools' messages, each read into our own fields. Loaded only for a body that is not ours."""

/// The version of the library and the command. `CHANGELOG.md` says what changed.
public let opsinVersion = "0.1.0"

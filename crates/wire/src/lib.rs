//! What the parties say to the relay and it to them: frames, identifiers, and the data class of every field.

//! The transport: accounts, key directory, inboxes, routing, metering. It cannot read a message.

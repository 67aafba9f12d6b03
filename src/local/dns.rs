//! Public DNS as far as the account goes: its hosted zones, answered over UDP on the loopback interface.

//! Publishes that are stopped, killed, or not alone.

//! Doctor: what is wrong with a site, why it hurts, and what mends it.

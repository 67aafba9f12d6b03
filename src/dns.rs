//! Questions to public DNS.

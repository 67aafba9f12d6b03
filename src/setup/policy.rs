//! Policy documents: what this tool writes, and what others' documents allow.

//! Bootstrap: look, plan, carry out, wait; and destroy, the way back.

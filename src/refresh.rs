//! refresh.

//! Carrying

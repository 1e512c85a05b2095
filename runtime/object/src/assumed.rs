//! Places that somebody counts on without looking at them: versions of classes and functions, cells of global names. Compiled code is patched when one changes.

use std::sync::OnceLock;

/// Told of the address of a place that changes, before anything else runs. It runs no Python code.
pub type Listener = fn(place: usize);

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// Has a function told of all places that change; the first one stays.
pub fn listen(listener: Listener) {
    LISTENER.get_or_init(|| listener);
}

/// To be called when what somebody may have seen at a place changes.
pub fn changes<T>(place: *const T) {
    if let Some(listener) = LISTENER.get() {
        listener(place.addr());
    }
}

//! Versions of classes and functions that somebody counts on without looking at them: compiled code is patched when one changes.

use std::sync::OnceLock;

/// Told where a version is that has changed, before anything else runs. It runs no Python code.
pub type Listener = fn(place: *const u32);

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// Has a function told of all versions that change; the first one stays.
pub fn listen(listener: Listener) {
    LISTENER.get_or_init(|| listener);
}

/// To be called when a version that somebody may have seen has changed.
pub fn has_changed(place: *const u32) {
    if let Some(listener) = LISTENER.get() {
        listener(place);
    }
}

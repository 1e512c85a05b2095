//! Results in the order of last use: a doubly linked list in a vector, whose places stay the same.

use object::{Object, Ref};

struct Link {
    key: Object,
    hash: i64,
    result: Object,
    /// The places of the next older and the next newer one, if there are any.
    older: Option<usize>,
    newer: Option<usize>,
}

#[derive(Default)]
pub(super) struct Chain {
    links: Vec<Option<Link>>,
    unused: Vec<usize>,
    oldest: Option<usize>,
    newest: Option<usize>,
}

impl Chain {
    fn link(&mut self, place: usize) -> &mut Link {
        self.links[place].as_mut().expect("the place is in use")
    }

    /// Ties what stands before and behind a link together.
    fn unhook(&mut self, place: usize) {
        let (older, newer) = (self.link(place).older, self.link(place).newer);
        match older {
            Some(older) => self.link(older).newer = newer,
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => self.link(newer).older = older,
            None => self.newest = older,
        }
    }

    /// Makes a link that is not tied to others the newest.
    fn hook(&mut self, place: usize) {
        let newest = self.newest.replace(place);
        match newest {
            Some(newest) => self.link(newest).newer = Some(place),
            None => self.oldest = Some(place),
        }
        let link = self.link(place);
        (link.older, link.newer) = (newest, None);
    }

    /// The result at a place, which becomes the newest.
    pub(super) fn use_again(&mut self, place: usize) -> Option<Object> {
        self.links.get(place)?.as_ref()?;
        if self.newest != Some(place) {
            self.unhook(place);
            self.hook(place);
        }
        Some(self.link(place).result.clone())
    }

    /// Adds the newest result; returns its place.
    pub(super) fn add(&mut self, key: Object, hash: i64, result: Object) -> usize {
        let link = Some(Link { key, hash, result, older: None, newer: None });
        let place = match self.unused.pop() {
            Some(place) => {
                self.links[place] = link;
                place
            }
            None => {
                self.links.push(link);
                self.links.len() - 1
            }
        };
        self.hook(place);
        place
    }

    /// Place, key and hash of the oldest result.
    pub(super) fn oldest(&self) -> Option<(usize, Object, i64)> {
        let place = self.oldest?;
        self.links[place].as_ref().map(|link| (place, link.key.clone(), link.hash))
    }

    /// Takes a result out, if it is there; the caller drops what it was.
    pub(super) fn remove(&mut self, place: usize) -> Option<(Object, Object)> {
        self.links.get(place)?.as_ref()?;
        self.unhook(place);
        self.unused.push(place);
        self.links[place].take().map(|link| (link.key, link.result))
    }

    /// The same, if the place is still that of this key.
    pub(super) fn remove_key(&mut self, place: usize, key: Ref<'_>) -> Option<(Object, Object)> {
        let is_same = self.links.get(place)?.as_ref()?.key.borrow().is(key);
        if is_same { self.remove(place) } else { None }
    }

    /// All keys and results.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.links.iter().flatten().flat_map(|link| [&link.key, &link.result])
    }
}

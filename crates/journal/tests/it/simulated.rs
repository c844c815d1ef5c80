//! A disk in memory that keeps what was synced apart from what was only written, and fails on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use windvane_journal::{Storage, StoredFile};

/// What a disk writes at once; a power cut keeps or loses each sector by itself.
const SECTOR: usize = 64;

#[derive(Clone, Default)]
pub(crate) struct SimulatedDisk {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    disk: Mutex<State>,
    syncing: Condvar,
}

#[derive(Clone, Default)]
struct State {
    files: BTreeMap<String, Contents>,
    /// Names that a power cut leaves.
    durable_names: BTreeSet<String>,
    /// Bytes that all files together may take.
    capacity: Option<usize>,
    /// Syncs fail.
    is_broken: bool,
    /// Syncs hang until this is lifted.
    is_stalled: bool,
    syncs: usize,
}

#[derive(Clone, Default)]
struct Contents {
    written: Vec<u8>,
    synced: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
}

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.disk.lock().unwrap()
    }

    /// What a killed process leaves: everything that the kernel was handed.
    pub(crate) fn after_kill(&self) -> Self {
        Self::with(self.state().clone())
    }

    /// What a power cut leaves: what was synced, and any part of the rest.
    pub(crate) fn after_power_cut(&self, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut state = self.state().clone();
        state.files.retain(|name, _| state.durable_names.contains(name) || random.bool());
        for contents in state.files.values_mut() {
            let mut left = contents.synced.clone();
            for sector in contents.dirty.iter().copied().filter(|_| random.bool()) {
                let (from, to) = (sector * SECTOR, ((sector + 1) * SECTOR).min(contents.written.len()));
                left.resize(left.len().max(to), 0);
                left[from..to].copy_from_slice(&contents.written[from..to]);
            }
            *contents = Contents { written: left.clone(), synced: left, dirty: BTreeSet::new() };
        }
        Self::with(state)
    }

    fn with(state: State) -> Self {
        Self { inner: Arc::new(Inner { disk: Mutex::new(state), syncing: Condvar::new() }) }
    }

    /// Lets `change` damage a file.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.state().files.get_mut(name).unwrap().written);
    }

    /// Lengths of the journal's segments by name.
    pub(crate) fn segments(&self) -> Vec<(String, usize)> {
        let state = self.state();
        let segments = state.files.iter().filter(|(name, _)| name.ends_with(".wvj"));
        segments.map(|(name, contents)| (name.clone(), contents.written.len())).collect()
    }

    /// Leaves `room` more bytes for all files together.
    pub(crate) fn limit(&self, room: usize) {
        let mut state = self.state();
        state.capacity = Some(state.used() + room);
    }

    pub(crate) fn break_syncs(&self) {
        self.state().is_broken = true;
    }

    /// Lets syncs hang, or lets those that hang go on.
    pub(crate) fn stall(&self, is_stalled: bool) {
        self.state().is_stalled = is_stalled;
        self.inner.syncing.notify_all();
    }

    pub(crate) fn syncs(&self) -> usize {
        self.state().syncs
    }

    fn file(&self, name: &str) -> Arc<dyn StoredFile> {
        Arc::new(SimulatedFile { disk: self.clone(), name: name.to_owned() })
    }
}

impl State {
    fn used(&self) -> usize {
        self.files.values().map(|contents| contents.written.len()).sum()
    }
}

impl Storage for SimulatedDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state().files.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        if !self.state().files.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(self.file(name))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let mut state = self.state();
        if state.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.files.insert(name.to_owned(), Contents::default());
        Ok(self.file(name))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().files.remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let contents = state.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.files.insert(to.to_owned(), contents);
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state();
        state.durable_names = state.files.keys().cloned().collect();
        Ok(())
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    name: String,
}

impl StoredFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[&self.name].written.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let state = self.disk.state();
        let from = usize::try_from(offset).unwrap();
        let found = state.files[&self.name].written.get(from..from + into.len());
        into.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let (from, used, capacity) = (usize::try_from(offset).unwrap(), state.used(), state.capacity);
        let contents = state.files.get_mut(&self.name).unwrap();
        let to = from + bytes.len();
        let grows = to.saturating_sub(contents.written.len());
        let room = capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(used));
        // A full disk takes what it can hold.
        let taken = if grows > room { bytes.len().saturating_sub(grows - room) } else { bytes.len() };
        let length = contents.written.len().max(from + taken);
        contents.written.resize(length, 0);
        contents.written[from..from + taken].copy_from_slice(&bytes[..taken]);
        contents.dirty.extend(from / SECTOR..=to.saturating_sub(1) / SECTOR);
        let end = contents.written.len();
        contents.dirty.retain(|sector| sector * SECTOR < end);
        if taken < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let state = self.disk.state();
        let mut state = self.disk.inner.syncing.wait_while(state, |state| state.is_stalled).unwrap();
        state.syncs += 1;
        if state.is_broken {
            return Err(io::Error::other("input/output error"));
        }
        let contents = state.files.get_mut(&self.name).unwrap();
        contents.synced.clone_from(&contents.written);
        contents.dirty.clear();
        Ok(())
    }
}

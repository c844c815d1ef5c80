//! A disk that is small enough to be filled.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory, mounted on a folder until it is dropped.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many KiB. `None`, with a line that says so, where this user may not mount anything, as in most
    /// containers.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn mount(folder: &Path, size_kib: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder to mount on");
        let size = format!("size={size_kib}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self { folder: folder.to_owned() });
        }
        eprintln!("skipped: a small disk needs the right to mount one (root)");
        None
    }

    /// Takes all the room that is left.
    ///
    /// # Panics
    /// When it ends for another reason than a full disk.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).expect("a file on the small disk");
        let mut size = 64 << 10;
        while size > 0 {
            match file.write(&vec![0; size]) {
                Ok(written) if written == size => {}
                // What is left is less.
                Ok(_) => size /= 2,
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => size /= 2,
                Err(error) => panic!("filling the small disk: {error}"),
            }
        }
    }

    /// Gives back what [`fill`](Self::fill) took.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("it was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What still has files open there keeps them; the folder is free at once.
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}

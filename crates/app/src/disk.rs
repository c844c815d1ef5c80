//! How much room there is where the data folder lies.

use std::path::Path;

/// Free space for this user, and the size of the disk, both in bytes; `None` when the system does not tell.
pub(crate) fn space(folder: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lies_on_a_disk_that_is_not_smaller_than_its_free_space() {
        let (free, size) = space(Path::new("/")).unwrap();
        assert!(size > 0 && free <= size);
        assert_eq!(space(Path::new("/nonexistent")), None);
    }
}

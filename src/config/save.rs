//! Sources and changes of them → files of the config. IO: disk.
#![allow(clippy::disallowed_methods)]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{ConfigText, load};
use crate::id::SourceId;

/// Why a file of the config cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// It is there already.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// The disk refuses.
    #[error("cannot use `{}`: {error}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What a config that begins with its first source says.
const FIRST: &str = "# The config of gleaner; each source has a file of its own in `sources/`.\n";

/// The main file, where there is none yet: with what it begins with; `None`: there is one.
pub fn first(asked: Option<&Path>) -> Option<ConfigText> {
    let path = load::find(asked).unwrap_or_else(|_| Path::new("config").join("gleaner.toml"));
    (!path.try_exists().unwrap_or(true)).then(|| ConfigText { path, text: FIRST.to_owned() })
}

/// Where a source of its own file stands, beside the main file.
pub fn source_path(main: &Path, id: &SourceId) -> PathBuf {
    main.parent().unwrap_or(Path::new("")).join("sources").join(format!("{id}.toml"))
}

/// Writes sources that have files of their own, then the main file, which may rely on them, unless it stands so already.
/// None of the sources may be there.
pub fn additions(sources: &[ConfigText], main: &ConfigText) -> Result<(), SaveError> {
    if let Some(standing) = sources.iter().find(|source| source.path.exists()) {
        return Err(SaveError::Exists(standing.path.clone()));
    }
    let stands = fs::read_to_string(&main.path).is_ok_and(|text| text == main.text);
    for file in sources.iter().chain((!stands).then_some(main)) {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(|error| SaveError::Io { path: folder.to_owned(), error })?;
        replace(&file.path, &file.text)?;
    }
    Ok(())
}

/// A file of the config as it stands on disk.
pub fn text(path: &Path) -> Result<String, SaveError> {
    fs::read_to_string(path).map_err(|error| SaveError::Io { path: path.to_owned(), error })
}

/// Keeps a text in a folder of its own, which is made; where it is.
pub fn keep(folder: &Path, name: &str, text: &str) -> Result<PathBuf, SaveError> {
    fs::create_dir_all(folder).map_err(|error| SaveError::Io { path: folder.to_owned(), error })?;
    let path = folder.join(name);
    replace(&path, text)?;
    Ok(path)
}

/// Replaces a file of the config whole, or leaves it as it was; who keeps it elsewhere and a link here has it changed there.
pub fn replace(path: &Path, text: &str) -> Result<(), SaveError> {
    let failed = |error| SaveError::Io { path: path.to_owned(), error };
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".gleaner-").tempfile_in(folder).map_err(failed)?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    if let Ok(data) = fs::metadata(path) {
        fs::set_permissions(file.path(), data.permissions()).map_err(failed)?;
    }
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_a_link_leads_to_is_replaced_and_not_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["dotfiles.toml", "gleaner.toml"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }
}

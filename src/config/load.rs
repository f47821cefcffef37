//! Paths → a config: finds and reads the files. IO: disk, and the place of the user's config folder.
//!
//! What stands in the files is judged by `read` alone.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use super::{Config, ConfigText, Problems, read, sheet::Environment};

/// Twenty thousand sources are 4 MiB; larger than this it is something else.
const MAX_BYTES: u64 = 16 << 20;

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of the usual places has one. Who was only asked for help, or adds a first source, goes on without.
    #[error("no config found, looked for {}", listed(.looked))]
    NotFound {
        /// Where it could have been, in order.
        looked: Vec<PathBuf>,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{}`: {trouble}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        trouble: String,
        /// Advice; `None`: none.
        hint: Option<String>,
    },
    /// The files were read, and what stands in them cannot be.
    #[error("{0}")]
    Problems(Problems),
}

impl LoadError {
    /// Advice; `None`: the message, or the problems themselves, have it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => {
                Some("name it with `--config FILE`, or start one with `gleaner add URL`".to_owned())
            }
            Self::File { hint, .. } => hint.clone(),
            Self::Problems(_) => None,
        }
    }
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(" and ")
}

/// Finds the main file: the one asked for, else `config/gleaner.toml` in the working directory, else
/// `gleaner/gleaner.toml` in the user's config folder (XDG).
///
/// # Errors
/// [`LoadError::NotFound`], never for a file that was asked for: reading it tells more.
pub fn find(asked: Option<&Path>) -> Result<PathBuf, LoadError> {
    if let Some(asked) = asked {
        return Ok(asked.to_owned());
    }
    let folder = directories::BaseDirs::new().map(|folders| folders.config_dir().join("gleaner"));
    first_of(usual_places(folder.as_deref()))
}

/// `folder` is gleaner's own in the user's config folder; `None`: the user has no home.
fn usual_places(folder: Option<&Path>) -> Vec<PathBuf> {
    let here = Path::new("config").join("gleaner.toml");
    std::iter::once(here).chain(folder.map(|folder| folder.join("gleaner.toml"))).collect()
}

fn first_of(looked: Vec<PathBuf>) -> Result<PathBuf, LoadError> {
    // A place that cannot be looked into may hold it: reading says why it cannot.
    let found = looked.iter().find(|path| path.try_exists().unwrap_or(true)).cloned();
    found.ok_or(LoadError::NotFound { looked })
}

/// Loads the main file and the sources beside it.
///
/// # Errors
/// The first file that cannot be read, or every problem of all files.
pub fn load(found: &Path, environment: Environment<'_>) -> Result<Config, LoadError> {
    let config = read(&load_texts(found)?, environment).map_err(LoadError::Problems)?;
    let named: BTreeSet<&Path> =
        config.sources.iter().filter_map(|source| source.request.extra_ca.as_deref()).collect();
    named.into_iter().try_for_each(check_certificates)?;
    Ok(config)
}

/// The texts of the main file and of the sources beside it.
///
/// # Errors
/// The first file that cannot be read.
pub fn load_texts(found: &Path) -> Result<Vec<ConfigText>, LoadError> {
    let mut files = vec![load_text(found)?];
    for path in source_files(&found.parent().unwrap_or(Path::new("")).join("sources"))? {
        files.push(load_text(&path)?);
    }
    Ok(files)
}

/// A file of `extra_ca` that is missing is told before the first request, not by it.
fn check_certificates(path: &Path) -> Result<(), LoadError> {
    let bytes = read_bytes(path).map_err(|error| refuse(path, &error))?;
    if String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") {
        return Ok(());
    }
    Err(LoadError::File {
        path: path.to_owned(),
        trouble: "it holds no certificate".to_owned(),
        hint: Some("`extra_ca` names a file of certificates in PEM".to_owned()),
    })
}

/// `*.toml` of the folder, by name; none if there is no such folder.
fn source_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(refuse(folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| refuse(folder, &error))?.path();
        // Editors leave `.#name.toml` and the like beside the file they work on.
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The text of one file.
///
/// # Errors
/// It cannot be read.
pub fn load_text(path: &Path) -> Result<ConfigText, LoadError> {
    let data = fs::metadata(path).map_err(|error| refuse(path, &error))?;
    let file =
        |trouble: String, hint: Option<String>| LoadError::File { path: path.to_owned(), trouble, hint };
    if data.is_dir() {
        let inside = path.join("gleaner.toml");
        return Err(file(
            "it is a folder".to_owned(),
            Some(format!("name the file, such as `{}`", inside.display())),
        ));
    }
    if data.len() > MAX_BYTES {
        return Err(file(
            format!("it has {} bytes, more than {MAX_BYTES}", data.len()),
            Some("is this the config?".to_owned()),
        ));
    }
    let bytes = read_bytes(path).map_err(|error| refuse(path, &error))?;
    // A pipe has no length before it is read.
    if bytes.len() as u64 > MAX_BYTES {
        return Err(file(
            format!("it has more than {MAX_BYTES} bytes"),
            Some("is this the config?".to_owned()),
        ));
    }
    let text = decode(bytes).map_err(|(trouble, hint)| file(trouble, hint))?;
    Ok(ConfigText { path: path.to_owned(), text })
}

#[expect(clippy::disallowed_methods, reason = "this is one of the IO files")]
fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;
    let file = fs::File::open(path)?;
    // Room for all of it at once, and for the last look whether there is more.
    let length = file.metadata()?.len().min(MAX_BYTES) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// UTF-8, or what it is instead and what to do.
fn decode(bytes: Vec<u8>) -> Result<String, (String, Option<String>)> {
    let is_wide = bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || (bytes.len() >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[2] == 0) != (bytes[3] == 0));
    if is_wide {
        return Err(("it is UTF-16".to_owned(), Some("save it as UTF-8".to_owned())));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        (format!("line {line} is not UTF-8"), Some("save it as UTF-8".to_owned()))
    })
}

fn refuse(path: &Path, error: &io::Error) -> LoadError {
    let (trouble, hint) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file".to_owned(), None),
        io::ErrorKind::PermissionDenied => (
            "permission denied".to_owned(),
            Some("the user that runs gleaner must be allowed to read it".to_owned()),
        ),
        _ => (error.to_string(), None),
    };
    LoadError::File { path: path.to_owned(), trouble, hint }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "this is one of the IO files")]
mod tests {
    use super::*;

    const SOURCE: &str = "url = \"https://a.example/\"\nentry = \"a\"\nheadline = \"a\"\n";

    fn nothing(_: &str) -> Option<String> {
        None
    }

    /// A folder with `gleaner.toml` in it.
    fn folder(main: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gleaner.toml");
        fs::write(&path, main).unwrap();
        (folder, path)
    }

    fn refused(main: &[u8]) -> String {
        let (_folder, path) = folder(main);
        let error = load(&path, &nothing).unwrap_err();
        format!("{error}; {}", error.hint().unwrap_or_default())
    }

    #[test]
    fn certificates_that_cannot_be_used_are_told_at_once() {
        let (folder, path) = folder(b"");
        let certificates = folder.path().join("ca.pem");
        let source = format!("{SOURCE}extra_ca = {:?}\n", certificates.display().to_string());
        fs::create_dir_all(folder.path().join("sources")).unwrap();
        fs::write(folder.path().join("sources").join("a.toml"), source).unwrap();
        let said = || load(&path, &nothing).map_or_else(|error| error.to_string(), |_| String::new());
        assert!(said().contains("ca.pem") && said().contains("there is no such file"), "{}", said());
        fs::write(&certificates, "hello").unwrap();
        assert!(said().contains("holds no certificate"), "{}", said());
        fs::write(&certificates, "-----BEGIN CERTIFICATE-----").unwrap();
        assert_eq!(said(), "");
    }

    #[test]
    fn sources_stand_beside_the_main_file_in_the_order_of_their_names() {
        let (folder, path) = folder(b"");
        fs::create_dir_all(folder.path().join("sources")).unwrap();
        for name in ["b.toml", "a.toml", ".#c.toml", "d.txt"] {
            fs::write(folder.path().join("sources").join(name), SOURCE).unwrap();
        }
        let config = load(&path, &nothing).unwrap();
        let ids: Vec<_> = config.sources.iter().map(|source| source.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(config.files[0], path);
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert!(refused(b"\xff\xfea\0b\0").contains("it is UTF-16; save it as UTF-8"));
        assert!(refused(b"\0[\0a\0]\0").contains("it is UTF-16"));
        assert!(refused(b"a = 1\n\nb = \"\xe9\"\n").contains("line 3 is not UTF-8; save it as UTF-8"));
        assert!(refused(&vec![b' '; 16 * 1024 * 1024 + 1]).contains("more than 16777216"));
    }

    #[test]
    fn what_is_no_file_is_named() {
        let (folder, path) = folder(b"");
        let tell = |path: &Path| {
            let error = load(path, &nothing).unwrap_err();
            assert!(matches!(error, LoadError::File { .. }));
            format!("{error}; {}", error.hint().unwrap_or_default())
        };
        assert!(tell(folder.path()).contains("it is a folder; name the file"));
        assert!(tell(&folder.path().join("x.toml")).contains("there is no such file"));
        fs::write(folder.path().join("sources"), "").unwrap();
        assert!(tell(&path).contains("sources`: "));
    }

    #[test]
    fn what_stands_in_the_files_is_told_with_their_paths() {
        let (folder, path) = folder(b"evry = 1");
        fs::create_dir_all(folder.path().join("sources")).unwrap();
        fs::write(folder.path().join("sources").join("a.toml"), "").unwrap();
        let LoadError::Problems(problems) = load(&path, &nothing).unwrap_err() else {
            panic!("not problems")
        };
        assert_eq!(problems.list()[0].file, path);
        assert_eq!(problems.list()[1].file, folder.path().join("sources").join("a.toml"));
    }

    #[test]
    fn a_config_that_is_nowhere_tells_where_it_was_looked_for() {
        let places = usual_places(Some(Path::new("/home/ann/.config/gleaner")));
        assert_eq!(
            places,
            ["config/gleaner.toml", "/home/ann/.config/gleaner/gleaner.toml"].map(PathBuf::from)
        );
        let error = first_of(vec!["/nowhere/a.toml".into(), "/nowhere/b.toml".into()]).unwrap_err();
        assert_eq!(error.to_string(), "no config found, looked for `/nowhere/a.toml` and `/nowhere/b.toml`");
        assert!(error.hint().unwrap().contains("--config FILE"));
    }

    #[test]
    fn the_file_asked_for_is_the_one_read() {
        assert_eq!(find(Some(Path::new("x/y.toml"))).unwrap(), Path::new("x/y.toml"));
        let (_folder, path) = folder(b"");
        assert_eq!(first_of(vec!["/nowhere/a.toml".into(), path.clone()]).unwrap(), path);
    }
}

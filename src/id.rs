//! Ids: slugs of sources and feeds, and the permanent ids of entries. Nouns, pure.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a source or feed: a slug, safe as a file name on every system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(String);

/// The longest slug: leaves room for `.atom` and a temporary suffix in a 255-byte file name.
const MAX_SLUG_BYTES: usize = 100;

impl SourceId {
    /// The one constructor. `[a-z0-9._-]`, not starting with a dot or dash, at most 100 bytes, and not a name
    /// that Windows keeps for devices.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an id may not be empty".to_owned());
        }
        if text.len() > MAX_SLUG_BYTES {
            return Err(format!("an id has at most {MAX_SLUG_BYTES} characters, this one {}", text.len()));
        }
        if let Some(bad) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')) {
            return Err(format!("an id has only a-z, 0-9, `.`, `_` and `-`, not {bad:?}"));
        }
        if text.starts_with(['.', '-']) || text.ends_with('.') {
            return Err("an id may not start with `.` or `-`, nor end with `.`".to_owned());
        }
        let stem = text.split('.').next().unwrap_or(text);
        let device = matches!(stem, "con" | "prn" | "aux" | "nul")
            || (stem.len() == 4
                && (stem.starts_with("com") || stem.starts_with("lpt"))
                && stem.ends_with(|c: char| c.is_ascii_digit()));
        if device {
            return Err(format!("`{stem}` is the name of a device on some systems"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::new(&text)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0
    }
}

/// The permanent id of an entry: a `urn:uuid:`, made once, stored, never computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(Uuid);

/// gleaner's own namespace for version 5 UUIDs (RFC 9562 §5.5). It may never change: every entry id ever
/// published hangs on it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_2a5e_8d1b_5f0a_9c37_4be0_21d7_a6e3);

impl EntryId {
    /// The id of an entry first known to `source` by `key`. Even a lost store gives the same id back.
    pub fn mint(source: &SourceId, key: &EntryKey) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("entry\n{source}\n{}", key.0).as_bytes()))
    }

    /// As bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// From bytes the store kept.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:uuid:{}", self.0)
    }
}

/// The id of a published feed: a `urn:uuid:` of its slug, so that it survives a move to another host.
pub fn feed_urn(id: &SourceId) -> String {
    format!("urn:uuid:{}", Uuid::new_v5(&NAMESPACE, format!("feed\n{id}").as_bytes()))
}

/// One thing an entry can be recognized by, with its kind as prefix: `link:…`, `id:…`, or a digest of texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryKey(String);

impl EntryKey {
    /// By its canonical link.
    pub fn link(canonical: &str) -> Self {
        Self(format!("link:{canonical}"))
    }

    /// By the id the page gives it.
    pub fn id(text: &str) -> Self {
        Self(format!("id:{text}"))
    }

    /// Kind of the key by headline, teaser and day.
    pub const HEADLINE_TEASER: &str = "headline+teaser";
    /// Kind of the key by headline and day.
    pub const HEADLINE_DATE: &str = "headline+date";
    /// Kind of the key by teaser and day.
    pub const TEASER_DATE: &str = "teaser+date";

    /// Whether different entries may well share it: it is evidence, not proof.
    pub fn is_weak(&self) -> bool {
        [Self::HEADLINE_DATE, Self::TEASER_DATE].iter().any(|kind| self.0.starts_with(kind))
    }

    /// Whether it is an address or an id that the page gives: proof.
    pub fn is_given(&self) -> bool {
        self.0.starts_with("link:") || self.is_id()
    }

    /// Whether it is an id that the page gives.
    pub fn is_id(&self) -> bool {
        self.0.starts_with("id:")
    }

    /// By a digest of some of its texts; `kind` names which.
    pub fn texts(kind: &str, parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(format!("{kind}:{}", &hasher.finalize().to_hex()[..32]))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stays of it when its entry is let go.
    pub fn digest(&self) -> KeyDigest {
        let (first, _) = blake3::hash(self.0.as_bytes())
            .as_bytes()
            .split_first_chunk::<16>()
            .map(|(first, rest)| (*first, rest.len()))
            .expect("a blake3 hash has 32 bytes");
        KeyDigest(first)
    }
}

/// A digest of a key: enough to recognize an entry by, and small enough to be kept for years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyDigest(pub [u8; 16]);

impl TryFrom<String> for KeyDigest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        u128::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 32)
            .map(|bits| Self(bits.to_be_bytes()))
            .ok_or_else(|| format!("a digest has 32 hexadecimal digits, not {text:?}"))
    }
}

impl From<KeyDigest> for String {
    fn from(digest: KeyDigest) -> Self {
        format!("{:032x}", u128::from_be_bytes(digest.0))
    }
}

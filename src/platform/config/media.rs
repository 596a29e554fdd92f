//! `[media]`: where photos lie, and how many there may be.

use super::{Hidden, SettingsError, Size};
use serde::{Deserialize, Serialize};
use url::Url;

/// Photos of listings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// `disk`: the folder `media` in the data folder; `s3`: a bucket, which several nodes of one instance need.
    pub store: MediaStore,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The server of the bucket, as in `https://s3.example.org`; absent: Amazon's, in `region`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    pub region: String,
    /// Goes with `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Hidden>,
    /// Whether a listing can only be published once all of its photos have an alternative text.
    pub alt_text_required: bool,
    pub photos_per_listing: usize,
    pub photos_per_upload: usize,
    /// Largest file.
    pub photo_limit: Size,
    /// What all uploads under way may take on the disk together.
    pub temporary_limit: Size,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaStore {
    #[default]
    Disk,
    S3,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            store: MediaStore::Disk,
            bucket: None,
            endpoint: None,
            region: "us-east-1".into(),
            access_key: None,
            secret: None,
            alt_text_required: true,
            photos_per_listing: 50,
            photos_per_upload: 20,
            photo_limit: Size(15 << 20),
            temporary_limit: Size(1 << 30),
        }
    }
}

impl Media {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let used = self.bucket.is_some() || self.endpoint.is_some() || self.access_key.is_some() || self.secret.is_some();
        if self.store == MediaStore::Disk && used {
            return Err(SettingsError::of("media.store", "is disk, although a bucket, its server or its keys are set; write store = \"s3\""));
        }
        if self.store == MediaStore::S3 {
            self.check_bucket()?;
        }
        for (name, value) in [
            ("media.photos_per_listing", self.photos_per_listing),
            ("media.photos_per_upload", self.photos_per_upload),
            ("media.photo_limit", self.photo_limit.0),
            ("media.temporary_limit", self.temporary_limit.0),
        ] {
            if value == 0 || value > usize::MAX >> 4 {
                return Err(SettingsError::of(name, "must be at least 1"));
            }
        }
        // Order is changed by naming all of them in one request, and a page shows all of them.
        if self.photos_per_listing > 500 {
            return Err(SettingsError::of("media.photos_per_listing", "may be 500 at most"));
        }
        Ok(())
    }

    fn check_bucket(&self) -> Result<(), SettingsError> {
        if self.bucket.as_deref().is_none_or(str::is_empty) {
            return Err(SettingsError::of("media.bucket", "is needed with media.store = \"s3\""));
        }
        if self.access_key.is_none() || self.secret.is_none() {
            return Err(SettingsError::of("media.access_key", "and media.secret are needed with media.store = \"s3\""));
        }
        match self.endpoint.as_deref().map(Url::parse) {
            None => Ok(()),
            Some(Ok(url)) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
            Some(_) => Err(SettingsError::of("media.endpoint", "must be an address such as https://s3.example.org")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(text: &str) -> Media {
        use figment::providers::{Format, Toml};
        figment::Figment::from(Toml::string(text)).extract().unwrap()
    }

    #[test]
    fn half_of_a_bucket_is_refused() {
        let keys = "access_key = 'a'\nsecret = 'b'\n";
        for good in ["".to_owned(), format!("store = 's3'\nbucket = 'x'\n{keys}"), format!("store = 's3'\nbucket = 'x'\nendpoint = 'http://h:1'\n{keys}")] {
            assert_eq!(media(&good).check(), Ok(()), "{good}");
        }
        for (bad, word) in [
            ("bucket = 'x'".to_owned(), "media.store"),
            (format!("store = 's3'\n{keys}"), "media.bucket"),
            ("store = 's3'\nbucket = 'x'".to_owned(), "media.access_key"),
            (format!("store = 's3'\nbucket = 'x'\nendpoint = 'ftp://h'\n{keys}"), "media.endpoint"),
            ("photos_per_listing = 0".to_owned(), "media.photos_per_listing"),
            ("photos_per_listing = 501".to_owned(), "media.photos_per_listing"),
        ] {
            assert!(media(&bad).check().unwrap_err().to_string().contains(word), "{bad}");
        }
    }
}

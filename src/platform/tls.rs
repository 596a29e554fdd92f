//! TLS to other servers: which cryptography all of this process uses for it.

/// Makes AWS-LC the cryptography of every TLS connection of this process. rustls asks for one choice per process and fails at
/// the first connection where there is none; whoever opens connections calls this before. Calling it again does nothing.
pub fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() && rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("another thread was quicker to choose the cryptography of TLS");
    }
}

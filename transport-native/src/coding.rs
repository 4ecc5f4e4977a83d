//! Unrequested content codings: a secret behind one must not be lost.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};

/// The magic bytes of gzip, with which no text starts.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Decodes a body in `gzip` or `deflate`, as far as it can be read and up to `limit` bytes. A
/// wrong label changes nothing.
pub(crate) fn undo(response: &mut Response<Bytes>, limit: usize) {
    let mut codings = names(response.headers());
    if codings.is_empty() && response.body().starts_with(&GZIP) {
        codings.push("gzip".to_owned());
    }
    while let Some(name) = codings.last().map(String::as_str) {
        let Some(body) = decoded(name, response.body(), limit) else { break };
        *response.body_mut() = body.into();
        codings.pop();
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.remove(CONTENT_ENCODING);
        // The remaining codings stay in the header; the error names them.
        if let Ok(left) = codings.join(", ").parse() {
            if !codings.is_empty() {
                headers.insert(CONTENT_ENCODING, left);
            }
        }
    }
}

/// In the order in which they were applied. No real server sends more than this.
fn names(headers: &HeaderMap) -> Vec<String> {
    const MOST: usize = 4;
    let lines = headers.get_all(CONTENT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let names = lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !matches!(name.as_str(), "" | "identity")).take(MOST).collect()
}

fn decoded(name: &str, body: &[u8], limit: usize) -> Option<Vec<u8>> {
    let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    match name {
        _ if body.starts_with(&GZIP) => read(MultiGzDecoder::new(body), limit),
        "deflate" if is_json => None,
        // RFC 9110 means the zlib format; some servers send raw deflate data.
        "deflate" => {
            read(ZlibDecoder::new(body), limit).or_else(|| read(DeflateDecoder::new(body), limit))
        }
        _ => None,
    }
}

/// The output before the end, the limit or the first error.
fn read(decoder: impl Read, limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut decoder = decoder.take(u64::try_from(limit).unwrap_or(u64::MAX));
    // The output before an error is kept.
    let _ = decoder.read_to_end(&mut out);
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bytes::Bytes;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use http::Response;

    use super::undo;

    const TEXT: &[u8] = br#"{"key":"sk-or-v1-0123456789abcdef"}"#;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn undone(lines: &[&str], body: Vec<u8>) -> (Bytes, Vec<String>) {
        let mut response = Response::new(Bytes::from(body));
        for line in lines {
            response.headers_mut().append("content-encoding", line.parse().unwrap());
        }
        undo(&mut response, 1000);
        let left = response.headers().get_all("content-encoding").iter();
        let left = left.map(|line| line.to_str().unwrap().to_owned()).collect();
        (response.into_body(), left)
    }

    #[test]
    fn a_known_coding_is_decoded_and_its_label_removed() {
        for (lines, body) in [
            (&["gzip"][..], gzip(TEXT)),
            (&["X-GZip"], gzip(TEXT)),
            (&["identity, gzip"], gzip(TEXT)),
            (&["deflate"], zlib(TEXT)),
            (&["deflate"], raw(TEXT)),
            (&["gzip, gzip"], gzip(&gzip(TEXT))),
            // RFC 1952, 2.2: a file may have several members.
            (&["gzip"], [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat()),
            (&["gzip"], [gzip(TEXT), b"junk".to_vec()].concat()),
            (&["deflate", "gzip"], gzip(&zlib(TEXT))),
            (&["br"], gzip(TEXT)),
            (&[], gzip(TEXT)),
        ] {
            assert_eq!(undone(lines, body), (TEXT.into(), vec![]), "{lines:?}");
        }
    }

    #[test]
    fn an_unknown_coding_is_kept_with_its_label() {
        let label = |label: &str| vec![label.to_owned()];
        assert_eq!(undone(&["gzip"], TEXT.into()), (TEXT.into(), label("gzip")));
        assert_eq!(undone(&["deflate"], TEXT.into()), (TEXT.into(), label("deflate")));
        assert_eq!(undone(&["br"], vec![7; 9]), (vec![7; 9].into(), label("br")));
        assert_eq!(undone(&["br, gzip"], gzip(&[7; 9])), (vec![7; 9].into(), label("br")));
    }

    #[test]
    fn a_truncated_stream_yields_what_came_before_the_cut() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(TEXT).unwrap();
        encoder.flush().unwrap();
        let cut = encoder.get_ref().clone();
        assert_eq!(undone(&["gzip"], cut), (TEXT.into(), vec![]));
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let bomb = gzip(&vec![b' '; 1 << 20]);
        assert_eq!(undone(&["gzip"], bomb.clone()).0.len(), 1000);
        assert_eq!(undone(&["gzip, gzip"], gzip(&bomb)).0.len(), 1000);
    }
}

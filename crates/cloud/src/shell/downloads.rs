//! Downloads: the bytes of media as the body of an answer, or a part of them.

use crate::media::Bytes;
use crate::shell::carrier::{Carrier, Cut};
use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes as Chunk;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Segments that wait for who downloads.
const AHEAD: usize = 2;

/// The answer with these bytes, or with those of them that the header `Range` asks for.
pub(crate) fn download(carrier: &Carrier, bytes: Bytes, mime_type: &str, range: Option<&str>) -> Response {
    let size = bytes.size();
    let wanted = range.and_then(|range| part(range, size));
    let (status, (from, to)) = match wanted {
        None => (StatusCode::OK, (0, size)),
        Some(Ok(part)) => (StatusCode::PARTIAL_CONTENT, part),
        Some(Err(())) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            set(&mut response, CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
    };
    let (sink, chunks) = mpsc::channel(AHEAD);
    let length = to.saturating_sub(from);
    let carrier = carrier.clone();
    tokio::spawn(async move { carrier.give(bytes, (from, to), sink).await });
    let mut response = Response::new(Body::new(Chunks { chunks, left: length }));
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, mime_type);
    set(&mut response, CONTENT_LENGTH, &length.to_string());
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, CONTENT_DISPOSITION, "inline;filename=media");
    if status == StatusCode::PARTIAL_CONTENT {
        set(&mut response, CONTENT_RANGE, &format!("bytes {from}-{}/{size}", to.saturating_sub(1)));
    }
    response
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The bytes that a `Range` of one part wants, as from and before (RFC 9110 section 14.1.2); an error if there are none such.
/// `None` if it is to be ignored.
fn part(range: &str, size: u64) -> Option<Result<(u64, u64), ()>> {
    let (from, to) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = (from.trim(), to.trim());
    let part = if from.is_empty() {
        (size.saturating_sub(to.parse().ok()?), size)
    } else {
        let last = if to.is_empty() { u64::MAX } else { to.parse().ok()? };
        (from.parse().ok()?, last.saturating_add(1).min(size))
    };
    Some(if part.0 < part.1 { Ok(part) } else { Err(()) })
}

/// A body that comes from a channel.
struct Chunks {
    chunks: mpsc::Receiver<Result<Chunk, Cut>>,
    left: u64,
}

impl HttpBody for Chunks {
    type Data = Chunk;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, std::io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.chunks.poll_recv(context).map(|chunk| match chunk {
            Some(Ok(chunk)) => {
                self.left = self.left.saturating_sub(chunk.len() as u64);
                Some(Ok(Frame::data(chunk)))
            }
            // Whoever downloads must notice that it is not all.
            Some(Err(Cut)) | None => Some(Err(std::io::ErrorKind::UnexpectedEof.into())),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        assert_eq!(part("bytes=0-0", 10), Some(Ok((0, 1))));
        assert_eq!(part("bytes=3-", 10), Some(Ok((3, 10))));
        assert_eq!(part("bytes=-4", 10), Some(Ok((6, 10))));
        assert_eq!(part("bytes=3-99", 10), Some(Ok((3, 10))));
        assert_eq!(part("bytes=10-", 10), Some(Err(())));
        assert_eq!(part("bytes=5-4", 10), Some(Err(())));
        for ignored in ["bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=", ""] {
            assert_eq!(part(ignored, 10), None, "{ignored}");
        }
    }
}

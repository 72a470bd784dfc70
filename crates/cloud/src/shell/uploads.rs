//! Uploads: a body is taken apart as it comes, and its file goes onto the disk, sealed, without ever being in memory.

use crate::media::{MediaFile, StoredFile};
use crate::shell::sealed::{SealedError, SealedWriter};
use axum::body::Body;
use graph::{GraphError, PartReader, Piece, codes, encode_component};
use http_body_util::BodyExt as _;
use std::time::Duration;
use store::Shelf;
use tokio::time::timeout;

/// The most bytes that all parameters of an upload have together.
const PARAMETERS: usize = 64 * 1024;

/// How long nothing may come of a body.
const IDLE: Duration = Duration::from_secs(30);

/// How long an upload may take: the largest file at 1 Mbit/s.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// An upload that came: its parameters as a form, and its file.
pub(crate) struct Received {
    pub(crate) form: String,
    pub(crate) stored: Option<StoredFile>,
}

/// Takes a body of this `Content-Type`; its file goes to `file` on the shelf.
pub(crate) async fn receive(
    body: Body,
    content_type: &str,
    shelf: &Shelf,
    file: MediaFile,
) -> Result<Received, GraphError> {
    let receiving = receive_parts(body, content_type, shelf, file);
    timeout(LONGEST, receiving).await.map_err(|_| cut())?
}

async fn receive_parts(
    mut body: Body,
    content_type: &str,
    shelf: &Shelf,
    file: MediaFile,
) -> Result<Received, GraphError> {
    let mut reader = PartReader::new(content_type).ok_or_else(cut)?;
    let mut parameters: Vec<(String, Vec<u8>)> = Vec::new();
    let (mut taken, mut part, mut writer, mut in_file) = (0, None, None, false);
    let mut whole = false;
    while !whole {
        let frame = timeout(IDLE, body.frame()).await.map_err(|_| cut())?;
        let Some(frame) = frame else { return Err(cut()) };
        let Ok(bytes) = frame.map_err(|_| cut())?.into_data() else { continue };
        reader.feed(&bytes);
        while let Some(piece) = reader.next_piece()? {
            match piece {
                Piece::Begin { name, file: Some(said) } if name == "file" && part.is_none() => {
                    (part, in_file) = (Some(said), true);
                    writer = Some(SealedWriter::new(shelf, file.clone()).await.map_err(trouble)?);
                }
                Piece::Begin { file: Some(_), .. } => {
                    return Err(GraphError::invalid("The request takes one file, in the part `file`."));
                }
                Piece::Begin { name, file: None } => {
                    in_file = false;
                    taken += name.len() + 1;
                    parameters.push((name, Vec::new()));
                }
                Piece::Bytes(bytes) if in_file => {
                    writer = match writer.take() {
                        Some(writer) => Some(writer.write(&bytes).await.map_err(trouble)?),
                        None => None,
                    };
                }
                Piece::Bytes(bytes) => {
                    taken += bytes.len();
                    if let Some((_, value)) = parameters.last_mut() {
                        value.extend_from_slice(&bytes);
                    }
                }
                Piece::End => {
                    whole = true;
                    break;
                }
            }
            if taken > PARAMETERS {
                return Err(GraphError::body_too_large(PARAMETERS));
            }
        }
    }
    let text = |(name, value): (String, Vec<u8>)| {
        let value = String::from_utf8(value)
            .map_err(|_| GraphError::invalid("The request body is not valid UTF-8."))?;
        Ok(format!("{}={}", encode_component(&name), encode_component(&value)))
    };
    let form: Vec<String> = parameters.into_iter().map(text).collect::<Result<_, GraphError>>()?;
    let stored = match (writer, part) {
        (Some(writer), Some(part)) => Some(writer.finish(shelf, part).await.map_err(trouble)?),
        _ => None,
    };
    Ok(Received { form: form.join("&"), stored })
}

fn cut() -> GraphError {
    GraphError::invalid("The request body is not valid multipart/form-data, or ends early.")
}

fn trouble(error: SealedError) -> GraphError {
    match error {
        SealedError::TooLong => {
            let details = "The file is longer than media may be.";
            GraphError::whatsapp(codes::MEDIA_UPLOAD, details)
        }
        SealedError::Disk(error) => {
            tracing::warn!(error = %error.kind(), "a media file can't be written");
            GraphError::unavailable()
        }
        SealedError::Changed => GraphError::unavailable(),
    }
}

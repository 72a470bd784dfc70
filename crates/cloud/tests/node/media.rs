//! Media: uploaded in pieces and sealed, described, fetched whole and in parts, deleted; and messages that wait for their blobs.

use crate::support::{ALICE, Bench, PHONE, SHOP, Stack, TOKEN, message, two_tenants};
use cloud::{ApiRequest, ApiResponse, BlobAnswer, Input, MediaWork};
use content::{Blob, Body};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const STRANGER: &str = "EAAtokenOfTheShop0002";

fn image(id: &str) -> Value {
    json!({ "type": "image", "image": { "id": id, "caption": "look" } })
}

fn body(response: &ApiResponse) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

/// The blob that is to be put, if one is.
fn put(bench: &mut Bench) -> Option<(cloud::PutId, Blob)> {
    bench.works.drain(..).find_map(|work| match work {
        MediaWork::Put { put, blob, .. } => Some((put, blob)),
        _ => None,
    })
}

fn received(bench: &Bench, party: u64) -> Vec<Body> {
    bench.consumers[&party].received.iter().map(|content| content.body.clone()).collect()
}

#[test]
fn a_message_with_media_goes_when_the_relay_has_its_blob_and_not_before() {
    let mut bench = Bench::new(two_tenants());
    let alice = bench.consumer(ALICE, false);
    let media = bench.upload("image/png", 1000);
    let answer = bench.ok(message(ALICE, image(&media)));
    assert!(answer["messages"][0]["id"].as_str().unwrap().starts_with("wamid."));
    let (id, blob) = put(&mut bench).unwrap();
    assert!(received(&bench, alice).is_empty());

    // The power fails: the same is done again, and the relay knows the blob.
    bench.crash();
    bench.settle();
    let (again, same) = put(&mut bench).unwrap();
    assert!(again == id && same == blob);
    bench.input(Input::BlobPut { put: id.clone(), answer: BlobAnswer::NotNow });
    assert!(put(&mut bench).is_none());
    bench.pass(Duration::from_secs(10));
    assert!(put(&mut bench).unwrap().1 == blob);
    bench.input(Input::BlobPut { put: id.clone(), answer: BlobAnswer::Done });
    let [Body::Media(got)] = &received(&bench, alice)[..] else { panic!("a picture arrives, once") };
    assert_eq!((got.caption.as_str(), got.mime_type.as_str()), ("look", "image/png"));
    assert!(Blob::try_from(got.blob.as_ref().unwrap()) == Ok(blob.clone()));
    // Of what is done already nothing comes.
    bench.input(Input::BlobPut { put: id, answer: BlobAnswer::Done });
    assert_eq!(received(&bench, alice).len(), 1);

    // The same picture again is another blob under another key.
    bench.ok(message(ALICE, image(&media)));
    let (_, other) = put(&mut bench).unwrap();
    assert!(other.id != blob.id && other.key != blob.key);
}

#[test]
fn a_message_whose_media_the_relay_will_not_have_fails_and_says_so() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    let media = bench.upload("image/png", 1000);
    for answer in [Some(BlobAnswer::Never), None] {
        let sent = bench.ok(message(ALICE, image(&media)));
        let wamid = sent["messages"][0]["id"].as_str().unwrap().to_owned();
        let (put, _) = put(&mut bench).unwrap();
        match answer {
            Some(answer) => bench.input(Input::BlobPut { put, answer }),
            // Nobody says anything for as long as messages are kept.
            None => bench.pass(Duration::from_secs(31 * 24 * 3600)),
        }
        assert!(bench.statuses().contains(&(wamid, "failed".to_owned())));
    }
    assert_eq!(bench.node.waiting_for_media(), 0);
}

#[test]
fn a_file_that_a_message_waits_for_outlives_its_media_and_nothing_else_does() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    let media = bench.upload("image/png", 1000);
    bench.ok(message(ALICE, image(&media)));
    let (id, _) = put(&mut bench).unwrap();
    bench.ok(ApiRequest::delete(format!("/v23.0/{media}"), TOKEN));
    assert!(!bench.works.iter().any(|work| matches!(work, MediaWork::Drop(_))));
    bench.input(Input::BlobPut { put: id, answer: BlobAnswer::Done });
    let dropped = bench.works.iter().filter(|work| matches!(work, MediaWork::Drop(_))).count();
    assert_eq!(dropped, 1);
}

#[test]
fn media_are_the_numbers_own_of_the_right_kind_and_not_for_ever() {
    let mut bench = Bench::new(two_tenants());
    bench.consumer(ALICE, false);
    let media = bench.upload("application/pdf", 1000);
    let refused = |bench: &mut Bench, what: Value| {
        let answer = body(&bench.ask(message(ALICE, what)).unwrap());
        answer["error"]["code"].as_u64().unwrap()
    };
    assert_eq!(refused(&mut bench, image(&media)), 131_053, "a document is no image");
    assert_eq!(refused(&mut bench, image("1234567890123456")), 131_053);
    bench.ok(message(ALICE, json!({ "type": "document", "document": { "id": media } })));

    let path = format!("/v23.0/{media}");
    let described = bench.ok(ApiRequest::get(path.clone(), TOKEN));
    assert_eq!(described["sha256"], hex::encode([7; 32]));
    assert_eq!((described["file_size"].as_u64(), described["id"].as_str()), (Some(1000), Some(&*media)));
    bench.ok(ApiRequest::get(format!("{path}?phone_number_id={PHONE}"), TOKEN));
    for request in [
        ApiRequest::get(path.clone(), STRANGER),
        ApiRequest::delete(path.clone(), STRANGER),
        ApiRequest::get(format!("{path}?phone_number_id=1"), TOKEN),
    ] {
        let answer = body(&bench.ask(request).unwrap());
        assert_eq!(
            (answer["error"]["code"].as_u64(), answer["error"]["error_subcode"].as_u64()),
            (Some(100), Some(33))
        );
    }
    bench.pass(Duration::from_secs(30 * 24 * 3600 + 1));
    assert!(bench.works.iter().any(|work| matches!(work, MediaWork::Drop(_))));
    assert_eq!(bench.ask(ApiRequest::get(path, TOKEN)).unwrap().status, 400);
}

#[test]
fn a_url_is_good_for_five_minutes_for_its_owner_and_as_it_was_signed() {
    let mut bench = Bench::new(two_tenants());
    let media = bench.upload("image/png", 1000);
    let described = bench.ok(ApiRequest::get(format!("/v23.0/{media}"), TOKEN));
    let url = described["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    let gives = |bench: &mut Bench, url: &str, token: &str| {
        bench.works.clear();
        let answer = bench.ask(ApiRequest::get(url, token));
        let given = bench.works.iter().any(|work| matches!(work, MediaWork::Give { .. }));
        assert!(given == answer.is_none());
        answer.is_none_or(|answer| {
            assert_eq!(answer.status, 404);
            false
        })
    };
    assert!(gives(&mut bench, &url, TOKEN));
    assert!(!gives(&mut bench, &url, STRANGER));
    let (rest, hash) = url.rsplit_once('=').unwrap();
    let flipped = if hash.starts_with('0') { "1" } else { "0" };
    assert!(!gives(&mut bench, &format!("{rest}={flipped}{}", &hash[1..]), TOKEN));
    assert!(!gives(&mut bench, &url.replace("ext=1", "ext=2"), TOKEN));
    assert!(!gives(&mut bench, "/whatsapp_business/attachments/", TOKEN));
    bench.pass(Duration::from_secs(301));
    assert!(!gives(&mut bench, &url, TOKEN));
    let _ = SHOP;
}

/// Sends `bytes` and reads until the node closes: status, head, body.
async fn http(stack: &Stack, bytes: &[u8]) -> (u16, String, Vec<u8>) {
    let mut connection = TcpStream::connect(stack.api).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), answer[end + 4..].to_vec())
}

fn request(method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n{more}\r\n"
    )
}

fn upload(file: &[u8], length: usize) -> Vec<u8> {
    let parts = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n";
    let end =
        "\r\n--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b--\r\n";
    let length = parts.len() + length + end.len();
    let head = format!("Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n");
    let head = request("POST", &format!("/v23.0/{PHONE}/media"), &head);
    [head.as_bytes(), parts.as_bytes(), file, end.as_bytes()].concat()
}

#[tokio::test]
async fn over_sockets_a_file_comes_back_whole_and_in_parts_and_is_gone_when_it_is_deleted() {
    let stack = Stack::start().await;
    let file: Vec<u8> = (0..300_000u32).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect();
    let (status, _, answer) = http(&stack, &upload(&file, file.len())).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(status, 200, "{answer}");
    let id = answer["id"].as_str().unwrap();
    let names = stack.media_files();
    assert_eq!(names.len(), 1);
    let at_rest = std::fs::read(&names[0]).unwrap();
    assert!(!at_rest.windows(32).any(|window| window == &file[1000..1032]), "it is sealed");

    let (status, _, described) = http(&stack, request("GET", &format!("/v23.0/{id}"), "").as_bytes()).await;
    let described: Value = serde_json::from_slice(&described).unwrap();
    assert_eq!((status, described["file_size"].as_u64()), (200, Some(300_000)));
    assert_eq!(described["sha256"], hex::encode(Sha256::digest(&file)));
    let url = described["url"].as_str().unwrap();
    let path = &url[url.find("/whatsapp").unwrap()..];
    let (status, head, got) = http(&stack, request("GET", path, "").as_bytes()).await;
    assert_eq!(status, 200, "{head}");
    assert!(head.contains("content-type: image/png") && head.contains("content-length: 300000"), "{head}");
    assert!(got == file);
    let (status, head, got) =
        http(&stack, request("GET", path, "Range: bytes=65530-65545\r\n").as_bytes()).await;
    assert_eq!(status, 206);
    assert!(head.contains("content-range: bytes 65530-65545/300000"), "{head}");
    assert_eq!(got, &file[65_530..65_546]);
    let (status, head, _) = http(&stack, request("GET", path, "Range: bytes=300000-\r\n").as_bytes()).await;
    assert!(status == 416 && head.contains("content-range: bytes */300000"), "{head}");
    assert_eq!(http(&stack, path_without_token(path).as_bytes()).await.0, 401);

    let (status, ..) = http(&stack, request("DELETE", &format!("/v23.0/{id}"), "").as_bytes()).await;
    assert_eq!(status, 200);
    assert!(stack.media_files().is_empty());
    assert_eq!(http(&stack, request("GET", path, "").as_bytes()).await.0, 404);
    stack.stop().await;
}

fn path_without_token(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn what_is_cut_off_too_large_or_not_allowed_leaves_nothing() {
    let stack = Stack::start().await;
    let file = vec![5; 200_000];
    // The client stops in the middle.
    let whole = upload(&file, file.len());
    let mut connection = TcpStream::connect(stack.api).await.unwrap();
    connection.write_all(&whole[..100_000]).await.unwrap();
    while stack.media_files().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(connection);
    while !stack.media_files().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A boundary that never comes, and a picture that is too large.
    let (status, _, answer) = http(&stack, &upload(&file, file.len()).replace_end()).await;
    assert_eq!(status, 400, "{}", String::from_utf8_lossy(&answer));
    let large = vec![5; (5 << 20) + 1];
    let (status, _, answer) = http(&stack, &upload(&large, large.len())).await;
    assert!(status == 400 && String::from_utf8_lossy(&answer).contains("131053"));
    // Nothing of a body is read before the token is known.
    let stranger = String::from_utf8(upload(b"", 0)).unwrap().replace(TOKEN, "EAAnobody");
    assert_eq!(http(&stack, stranger.as_bytes()).await.0, 401);
    assert!(stack.media_files().is_empty());
    stack.stop().await;
}

trait ReplaceEnd {
    fn replace_end(self) -> Self;
}

impl ReplaceEnd for Vec<u8> {
    /// The last boundary is another.
    fn replace_end(mut self) -> Self {
        let at = self.len() - 4;
        self[at - 1] = b'x';
        self
    }
}

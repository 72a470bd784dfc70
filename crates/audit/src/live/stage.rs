//! All parties started, and everything between them that keeps copies.

use super::business::{Desk, until};
use super::cast::{self, Cast};
use super::child::{Child, Launcher, argument};
use super::files::Before;
use super::frames::{Frames, Known};
use super::packets::Packets;
use super::{LiveError, LiveOptions};
use crate::wamid;
use kernel::Rng;
use link::LinkIdentity;
use privacy::{Canary, DataClass, Party, Principal, Scanner};
use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// How long the business with a node of its own keeps what is not delivered, in seconds.
pub(super) const SHORT_RETENTION: u64 = 3;
/// Deleted rows are unreadable after about so many seconds.
pub(super) const KEY_LIFETIME: u64 = 1;

/// Names of messages that are looked for: enough, and few enough.
const MESSAGES: usize = 32;

/// Everything that runs. What is dropped first is stopped first.
pub(super) struct Stage {
    pub(super) relay: Child,
    pub(super) nodes: Vec<Node>,
    pub(super) consumers: Vec<Child>,
    pub(super) desks: Vec<Desk>,
    pub(super) cast: Cast,
    pub(super) packets: Packets,
    pub(super) frames: Frames,
    pub(super) before: Before,
    pub(super) dir: PathBuf,
    pub(super) relay_metrics: SocketAddr,
    keys: Vec<Canary>,
    _runtime: Runtime,
}

/// A Cloud API node.
pub(super) struct Node {
    pub(super) child: Child,
    pub(super) principal: Principal,
    pub(super) api: SocketAddr,
    pub(super) metrics: SocketAddr,
}

impl Stage {
    /// Starts everything, under a tracer that writes to `traces` if there is a place for it, and waits until every
    /// consumer is registered.
    pub(super) fn start(options: &LiveOptions, traces: Option<&Path>) -> Result<Self, LiveError> {
        // Processes have a working directory of their own.
        let absolute = |path: &Path| {
            path.canonicalize().map_err(|source| LiveError::File { path: path.to_owned(), source })
        };
        let (dir, program) = (absolute(&options.dir)?, absolute(&options.program)?);
        let home = dir.join("home");
        make(&home)?;
        let before = Before::note(&home, &dir);
        let traces = traces.map(&absolute).transpose()?;
        let launcher = Launcher { program, environment: options.environment.clone(), home, traces };
        let seed = live::entropy().map_err(LiveError::Entropy)?;
        let mut rng = Rng::for_entity(&seed, "audit");
        let cast = Cast::new(&mut rng);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(LiveError::Socket)?;

        let mut known = Vec::new();
        let mut keys = Vec::new();
        for party in ["node/0", "node/1", "consumer/0", "consumer/1", "consumer/2"] {
            let identity = identity(&dir.join(party), &mut rng)?;
            keys.extend(cast::keys_of(party, &identity));
            known.push(Known { party, identity });
        }
        let relay_addr = free_udp()?;
        let relay_key = identity(&dir.join("relay/0"), &mut rng)?.public();
        keys.push(Canary::new("link key of relay/0", DataClass::PublicKey, relay_key.0));
        let front = LinkIdentity::generate(&mut rng);

        let (packets, frames) = (Packets::default(), Frames::default());
        let gateways: Vec<_> =
            known.iter().take(2).map(|known| known.identity.public().to_string()).collect();
        let way = {
            let _inside = runtime.enter();
            let interceptor = frames.intercept(known, &front, relay_addr, relay_key)?;
            runtime.block_on(packets.carry(interceptor))?
        };
        let mut desks = Vec::new();
        let mut hooks = BTreeMap::new();
        for business in &cast.businesses {
            let desk = Desk::default();
            let address = runtime.block_on(desk.open())?;
            hooks.insert(business.name, format!("http://{address}{}", business.hook));
            desks.push(desk);
        }

        let relay_metrics = free_tcp()?;
        let mut arguments = ["relay", "--json", "--data"].map(str::to_owned).to_vec();
        arguments.push(argument(&dir.join("relay/0")));
        arguments.extend(["--listen".to_owned(), relay_addr.to_string()]);
        arguments.extend(["--metrics".to_owned(), relay_metrics.to_string()]);
        arguments.extend(["--key-lifetime".to_owned(), KEY_LIFETIME.to_string()]);
        arguments.extend(gateways.into_iter().flat_map(|key| ["--gateway".to_owned(), key]));
        let mut relay = launcher.start("relay/0", &borrowed(&arguments))?;
        relay.wait_for("its address", |line| line.get("relay").is_some())?;

        let uplink =
            ["--relay".to_owned(), way.to_string(), "--relay-key".into(), front.public().to_string()];
        let mut nodes = Vec::new();
        for (name, principal, retention) in
            [("node/0", Principal::Cloud, 3600), ("node/1", Principal::Onprem, SHORT_RETENTION)]
        {
            let (api, metrics) = (free_tcp()?, free_tcp()?);
            let tenants =
                cast.tenants(name, |business| hooks.get(business.name).cloned().unwrap_or_default());
            let file = dir.join(name).join("tenants.toml");
            fs::write(&file, tenants).map_err(|source| LiveError::File { path: file, source })?;
            let mut arguments = ["cloud", "--json", "--data"].map(str::to_owned).to_vec();
            arguments.push(argument(&dir.join(name)));
            arguments.extend(uplink.iter().cloned());
            arguments.extend(["--http".to_owned(), api.to_string()]);
            arguments.extend(["--metrics".to_owned(), metrics.to_string()]);
            arguments.extend(["--key-lifetime".to_owned(), KEY_LIFETIME.to_string()]);
            arguments.extend(["--retention".to_owned(), retention.to_string()]);
            let mut child = launcher.start(name, &borrowed(&arguments))?;
            child.wait_for("its address", |line| line.get("base_url").is_some())?;
            nodes.push(Node { child, principal, api, metrics });
        }

        let mut consumers = Vec::new();
        for consumer in &cast.consumers {
            let mut arguments = ["consumer", "--json", "--data"].map(str::to_owned).to_vec();
            arguments.push(argument(&dir.join(consumer.name)));
            arguments.extend(uplink.iter().cloned());
            arguments.extend(["--number".to_owned(), consumer.number.to_string()]);
            consumers.push(launcher.start(consumer.name, &borrowed(&arguments))?);
        }
        for consumer in &mut consumers {
            consumer.wait_for("that it is registered", |line| {
                line.get("notice").and_then(serde_json::Value::as_str) == Some("registered with the relay")
            })?;
        }
        until("all businesses to be registered", || {
            let ids = frames.ids();
            cast.businesses.iter().all(|business| ids.registered.contains(&business.number))
        })?;
        Ok(Self {
            relay,
            nodes,
            consumers,
            desks,
            cast,
            packets,
            frames,
            before,
            dir,
            relay_metrics,
            keys,
            _runtime: runtime,
        })
    }

    /// Everything planted, and what could be seen of names and keys so far.
    pub(super) fn canaries(&self) -> Vec<Canary> {
        let mut canaries = self.cast.canaries();
        canaries.extend(self.keys.iter().cloned());
        let ids = self.frames.ids();
        for (index, (id, from, to)) in ids.envelopes.iter().enumerate() {
            if let Some(ends) = self.cast.between(*from, *to) {
                let name = format!("id of envelope {index}");
                canaries.push(Canary::new(&name, DataClass::Routing, *id).of(ends));
            }
        }
        for (index, key) in ids.identities.values().enumerate() {
            canaries.push(Canary::new(
                &format!("identity key {index}"),
                DataClass::PublicKey,
                key.as_slice(),
            ));
        }
        canaries.extend(self.message_ids());
        canaries
    }

    /// The names that ends give messages: inside of `wamid`s, and of every message.
    fn message_ids(&self) -> Vec<Canary> {
        let mut canaries = Vec::new();
        for (business, desk) in self.cast.businesses.iter().zip(&self.desks) {
            let heard = desk.heard();
            let statuses = heard.statuses.iter().map(|(wamid, _)| wamid);
            let mut ids: Vec<_> = statuses.chain(heard.texts.iter().map(|(wamid, _)| wamid)).collect();
            ids.dedup();
            for (index, id) in ids.iter().take(MESSAGES).filter_map(|id| wamid::message_id(id)).enumerate() {
                // All consumers who talk with the business: which of them it was is in the name, coded.
                let ends = self.cast.conversations.iter().map(|talk| (talk.business, talk.consumer));
                let ends = ends.map(|(business, consumer)| self.cast.ends(business, consumer));
                let owners = ends.filter(|ends| ends.contains(&business.name)).flatten();
                let name = format!("id of message {index} of {}", business.name);
                canaries.push(Canary::new(&name, DataClass::Content, id).of(owners));
            }
        }
        canaries
    }

    /// A search for all that is known now.
    pub(super) fn scanner(&self) -> Result<Scanner, LiveError> {
        Ok(Scanner::new(self.canaries())?)
    }

    /// A search for what may not outlive its delivery.
    pub(super) fn content_scanner(&self) -> Result<Scanner, LiveError> {
        let content = self.cast.canaries().into_iter().filter(|canary| canary.class() == DataClass::Content);
        Ok(Scanner::new(content)?)
    }

    /// The parties that are processes: who each is, its process, where its files are.
    pub(super) fn processes(&self) -> Vec<(Party, &Child, PathBuf)> {
        let relay = (Principal::Transport, &self.relay);
        let nodes = self.nodes.iter().map(|node| (node.principal, &node.child));
        let consumers = self.consumers.iter().map(|consumer| (Principal::Consumer, consumer));
        let all = std::iter::once(relay).chain(nodes).chain(consumers);
        all.map(|(principal, child)| (Party::new(principal, child.name), child, self.dir.join(child.name)))
            .collect()
    }
}

/// The link key of a party, as it will find it.
fn identity(dir: &Path, rng: &mut Rng) -> Result<LinkIdentity, LiveError> {
    make(dir)?;
    let file = dir.join("link.pem");
    LinkIdentity::load_or_create(&file, rng).map_err(|source| LiveError::File { path: file, source })
}

fn make(dir: &Path) -> Result<(), LiveError> {
    fs::create_dir_all(dir).map_err(|source| LiveError::File { path: dir.to_owned(), source })
}

/// A port that nobody has at the moment: the process that takes it has the same after it was killed.
fn free_tcp() -> Result<SocketAddr, LiveError> {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(LiveError::Socket)
}

fn free_udp() -> Result<SocketAddr, LiveError> {
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(LiveError::Socket)
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

// The official library as a black box: holds any number of parties in memory and does what each line says.
//
//   node oracle.mjs VERSION DIRECTORY      (072, 090 or 103; where `npm ci` put node_modules)
//
// A line of standard input is a JSON array of operations, and gets one line back: the array of their answers.
// An operation is {op, party, ...}; an answer is {ok: {...}}, or {error, code} where the library refused, or
// {broken} where the operation itself makes no sense. Bytes are hex. The operations are the functions of
// `operations` below; a party is a number that the caller chooses.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const [version, directory] = process.argv.slice(2);
const S = await load(`libsignal-${version}`);
// Since 0.103.0 the library wants to know the caller's own address too.
const namesBothEnds = version >= '103';
const parties = new Map();

const operations = {
  // A device without prekeys: {name, device, registrationId, identity?}, identity being a private key.
  new({ party, name, device, registrationId, identity }) {
    const key = identity ? S.PrivateKey.deserialize(bytes(identity)) : S.PrivateKey.generate();
    parties.set(party, new Party(address({ name, device }), key, registrationId));
    return { identity: hex(key.getPublicKey().serialize()), private: hex(key.serialize()) };
  },

  // A party with the same keys and sessions under another number: {to}.
  clone({ party, to }) {
    parties.set(to, get(party).clone());
    return {};
  },

  // From now on it goes by another name: {name, device}.
  rename({ party, name, device }) {
    get(party).address = address({ name, device });
    return {};
  },

  forget({ party }) {
    parties.delete(party);
    return {};
  },

  // Fresh prekeys with these ids: {signed, oneTime?, kyber?}. Answers the bundle and the private halves.
  publish({ party, signed, oneTime, kyber }) {
    const p = get(party);
    const sign = (key) => p.identities.key.sign(key.serialize());
    const secret = {};
    const spk = S.PrivateKey.generate();
    const spkSignature = sign(spk.getPublicKey());
    p.signed.map.set(signed, S.SignedPreKeyRecord.new(signed, 0, spk.getPublicKey(), spk, spkSignature));
    secret.signed = hex(spk.serialize());
    const bundle = {
      registrationId: p.identities.registrationId,
      device: p.address.deviceId(),
      identity: hex(p.identities.key.getPublicKey().serialize()),
      signed: { id: signed, key: hex(spk.getPublicKey().serialize()), signature: hex(spkSignature) },
    };
    if (oneTime != null) {
      const opk = S.PrivateKey.generate();
      p.oneTime.map.set(oneTime, S.PreKeyRecord.new(oneTime, opk.getPublicKey(), opk));
      secret.oneTime = hex(opk.serialize());
      bundle.oneTime = { id: oneTime, key: hex(opk.getPublicKey().serialize()) };
    }
    if (kyber != null) {
      const pair = S.KEMKeyPair.generate();
      const signature = sign(pair.getPublicKey());
      p.kyber.map.set(kyber, S.KyberPreKeyRecord.new(kyber, 0, pair, signature));
      secret.kyber = hex(pair.getSecretKey().serialize());
      bundle.kyber = { id: kyber, key: hex(pair.getPublicKey().serialize()), signature: hex(signature) };
    }
    return { bundle, private: secret };
  },

  // Forgets a prekey: {kind: 'oneTime' | 'signed' | 'kyber', id}.
  remove({ party, kind, id }) {
    return { removed: get(party)[kind].map.delete(id) };
  },

  // Starts a session: {remote: {name, device}, bundle, now}, now in seconds.
  async initiate({ party, remote, bundle, now }) {
    const p = get(party);
    const { oneTime, signed, kyber } = bundle;
    const key = (encoded) => S.PublicKey.deserialize(bytes(encoded));
    const fields = [bundle.registrationId, bundle.device, oneTime?.id ?? null, oneTime ? key(oneTime.key) : null];
    fields.push(signed.id, key(signed.key), bytes(signed.signature), key(bundle.identity));
    if (kyber) fields.push(kyber.id, S.KEMPublicKey.deserialize(bytes(kyber.key)), bytes(kyber.signature));
    const published = construct(S.PreKeyBundle, fields);
    await S.processPreKeyBundle(published, ...p.ends(remote), p.sessions, p.identities, date(now));
    return {};
  },

  // {remote, plaintext, now}
  async encrypt({ party, remote, plaintext, now }) {
    const p = get(party);
    const ends = p.ends(remote);
    const message = await S.signalEncrypt(bytes(plaintext), ...ends, p.sessions, p.identities, date(now));
    return { kind: message.type(), bytes: hex(message.serialize()) };
  },

  // {remote, kind: 2 | 3, bytes}
  async decrypt({ party, remote, kind, bytes: encoded }) {
    const p = get(party);
    const common = [...p.ends(remote), p.sessions, p.identities];
    if (kind === 2) {
      return { plaintext: hex(await S.signalDecrypt(S.SignalMessage.deserialize(bytes(encoded)), ...common)) };
    }
    const message = S.PreKeySignalMessage.deserialize(bytes(encoded));
    return { plaintext: hex(await S.signalDecryptPreKey(message, ...common, p.oneTime, p.signed, p.kyber)) };
  },

  // Stops sending in the current session: {remote}.
  async archive({ party, remote }) {
    const { sessions } = get(party);
    const record = await sessions.getSession(address(remote));
    if (record) {
      record.archiveCurrentState();
      await sessions.saveSession(address(remote), record);
    }
    return {};
  },

  // The stored session record, or null: {remote}.
  export({ party, remote }) {
    const stored = get(party).sessions.map.get(address(remote).toString());
    return { record: stored ? hex(stored) : null };
  },

  // Puts a session record back, or none: {remote, record}.
  import({ party, remote, record }) {
    const { map } = get(party).sessions;
    const to = address(remote).toString();
    if (record === null) map.delete(to);
    else map.set(to, S.SessionRecord.deserialize(bytes(record)).serialize());
    return {};
  },

  // What a receiver tells the sender of a message that it can't read: {kind, bytes, timestamp, device}.
  decryptionError({ kind, bytes: encoded, timestamp, device }) {
    const error = S.DecryptionErrorMessage.forOriginal(bytes(encoded), kind, timestamp, device);
    return { bytes: hex(error.serialize()) };
  },

  // Whether such an error is about the session in which the party now sends: {remote, error}.
  concerned({ party, remote, error }) {
    const { map } = get(party).sessions;
    const record = S.SessionRecord.deserialize(found(map, address(remote).toString()));
    const key = S.DecryptionErrorMessage.deserialize(bytes(error)).ratchetKey();
    return { concerned: record.currentRatchetKeyMatches(key) };
  },

  // The number by which two people compare their keys: {iterations, version, local: {id, key}, remote: {id, key}}.
  safetyNumber({ iterations, version: of, local, remote }) {
    const end = ({ id, key }) => [bytes(id), S.PublicKey.deserialize(bytes(key))];
    const number = S.Fingerprint.new(iterations, of, ...end(local), ...end(remote));
    const display = number.displayableFingerprint().toString();
    return { display, scannable: hex(number.scannableFingerprint().toBuffer()) };
  },

  // As a program that was started again: every store is written out and read back.
  restart({ party }) {
    parties.set(party, get(party).clone());
    return {};
  },
};

class Party {
  constructor(own, key, registrationId) {
    this.address = own;
    this.identities = new Identities(key, registrationId);
    this.sessions = new Sessions();
    this.oneTime = new OneTimePrekeys();
    this.signed = new SignedPrekeys();
    this.kyber = new KyberPrekeys();
  }

  clone() {
    const { key, registrationId } = this.identities;
    const copy = new Party(this.address, S.PrivateKey.deserialize(key.serialize()), registrationId);
    const fill = (to, from, again) => from.forEach((value, at) => to.set(at, again(value)));
    const through = (Record) => (record) => Record.deserialize(record.serialize());
    fill(copy.identities.map, this.identities.map, through(S.PublicKey));
    fill(copy.sessions.map, this.sessions.map, (record) => S.SessionRecord.deserialize(record).serialize());
    fill(copy.oneTime.map, this.oneTime.map, through(S.PreKeyRecord));
    fill(copy.signed.map, this.signed.map, through(S.SignedPreKeyRecord));
    fill(copy.kyber.map, this.kyber.map, through(S.KyberPreKeyRecord));
    return copy;
  }

  ends(remote) {
    return namesBothEnds ? [address(remote), this.address] : [address(remote)];
  }
}

class Identities extends S.IdentityKeyStore {
  constructor(key, registrationId) {
    super();
    Object.assign(this, { key, registrationId, map: new Map() });
  }
  async getIdentityKey() { return this.key; }
  async getLocalRegistrationId() { return this.registrationId; }
  // Whom to trust is the application's question, and not asked here.
  async isTrustedIdentity() { return true; }
  async saveIdentity(at, key) {
    this.map.set(at.toString(), key);
    return S.IdentityChange ? S.IdentityChange.NewOrUnchanged : false;
  }
  async getIdentity(at) { return this.map.get(at.toString()) ?? null; }
}

class Sessions extends S.SessionStore {
  map = new Map();
  async saveSession(at, record) { this.map.set(at.toString(), record.serialize()); }
  async getSession(at) {
    const stored = this.map.get(at.toString());
    return stored ? S.SessionRecord.deserialize(stored) : null;
  }
  async getExistingSessions(all) { return Promise.all(all.map((at) => this.getSession(at))); }
}

class OneTimePrekeys extends S.PreKeyStore {
  map = new Map();
  async savePreKey(id, record) { this.map.set(id, record); }
  async getPreKey(id) { return found(this.map, id); }
  async removePreKey(id) { this.map.delete(id); }
}

class SignedPrekeys extends S.SignedPreKeyStore {
  map = new Map();
  async saveSignedPreKey(id, record) { this.map.set(id, record); }
  async getSignedPreKey(id) { return found(this.map, id); }
}

// All of last resort: none is deleted after use.
class KyberPrekeys extends S.KyberPreKeyStore {
  map = new Map();
  async saveKyberPreKey(id, record) { this.map.set(id, record); }
  async getKyberPreKey(id) { return found(this.map, id); }
  async markKyberPreKeyUsed() {}
}

async function answer(operation) {
  try {
    return { ok: await operations[operation.op](operation) };
  } catch (error) {
    // What the library refuses has a code; everything else is a mistake in this file or its caller.
    if (typeof error.code === 'number') return { error: error.message, code: error.code };
    return { broken: `${operation?.op}: ${error.stack}` };
  }
}

async function load(name) {
  const home = path.join(directory, 'node_modules', name);
  const { exports, main } = JSON.parse(fs.readFileSync(path.join(home, 'package.json')));
  const root = exports?.['.'] ?? exports;
  const entry = root?.import ?? root?.default ?? root ?? main;
  return import(pathToFileURL(path.join(home, entry?.default ?? entry)));
}

// A bundle without what this version demands, for instance a KEM prekey, is a TypeError to it.
function construct(Class, fields) {
  try {
    return Class.new(...fields);
  } catch (error) {
    throw Object.assign(error, { code: error.code ?? 0 });
  }
}

function get(party) { return found(parties, party); }

function found(map, id) {
  const value = map.get(id);
  if (!value) throw new Error(`nothing with id ${id}`);
  return value;
}

function address({ name, device }) { return S.ProtocolAddress.new(name, device); }
function bytes(encoded) { return Buffer.from(encoded, 'hex'); }
function hex(array) { return Buffer.from(array).toString('hex'); }
function date(seconds) { return new Date(seconds * 1000); }

for await (const line of readline.createInterface({ input: process.stdin })) {
  const answers = [];
  for (const operation of JSON.parse(line)) answers.push(await answer(operation));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

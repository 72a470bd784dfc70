-- Shows the frames in `packets.pcapng` of a simulated run, field by field, in Wireshark and tshark:
--
--     tshark -X lua_script:tools/wireshark/blindpost.lua -r packets.pcapng -Y blindpost.submit
--
-- or put it into Wireshark's folder for personal Lua plugins. Frames are what `proto/transport.proto` says, behind a
-- length of four bytes and a version (`crates/wire/src/frame.rs`). Each begins a datagram of its own, which looks like a
-- QUIC packet that is not encrypted: 11 bytes of short header, 4 of stream frame, the part of the frame, 16 of tag.
-- A live relay's packets are encrypted; there is nothing here that could open them.

local PORT = 4433
local SHORT_HEADER = 0x40
local HEADER_BYTES, TAG_BYTES = 15, 16
local STREAM, PADDING = 0x0A, 0x00
local VERSION = 1
local MAX_FRAME_BYTES = 256 * 1024

-- proto/transport.proto: number, name and type of each field. A test compares the two.
local MESSAGES = {
    ToRelay = {
        { 1, "hello", "Hello" },
        { 2, "publish", "Publish" },
        { 3, "fetch_bundle", "FetchBundle" },
        { 4, "submit", "Submit" },
        { 5, "acknowledge", "Acknowledge" },
    },
    ToEndpoint = {
        { 1, "welcome", "Welcome" },
        { 2, "published", "Published" },
        { 3, "bundle", "Bundle" },
        { 4, "accepted", "Accepted" },
        { 5, "delivery", "Delivery" },
        { 6, "prekeys_low", "PrekeysLow" },
        { 7, "metering", "Metering" },
        { 8, "rejected", "Rejected" },
    },
    Address = {
        { 1, "number", "uint64" },
        { 2, "device", "uint32" },
    },
    Hello = {
        { 1, "delivered", "Position" },
        { 2, "gateway", "bool" },
    },
    Welcome = {
        { 1, "accepted", "Position" },
        { 2, "resumes", "Position" },
        { 3, "published", "fixed64" },
    },
    Position = {
        { 1, "sequence", "uint64" },
        { 2, "name", "fixed64" },
    },
    Publish = {
        { 1, "address", "Address" },
        { 2, "registration_id", "uint32" },
        { 3, "identity_key", "bytes" },
        { 4, "signed_prekey", "SignedKey" },
        { 5, "last_resort_kem_prekey", "SignedKey" },
        { 6, "one_time_prekeys", "OneTimeKey" },
        { 7, "one_time_kem_prekeys", "SignedKey" },
        { 8, "replaces", "bool" },
        { 9, "name", "fixed64" },
    },
    Published = {
        { 1, "address", "Address" },
    },
    SignedKey = {
        { 1, "id", "uint32" },
        { 2, "key", "bytes" },
        { 3, "signature", "bytes" },
    },
    OneTimeKey = {
        { 1, "id", "uint32" },
        { 2, "key", "bytes" },
    },
    FetchBundle = {
        { 1, "address", "Address" },
    },
    Bundle = {
        { 1, "address", "Address" },
        { 2, "bundle", "PrekeyBundle" },
    },
    PrekeyBundle = {
        { 1, "registration_id", "uint32" },
        { 2, "identity_key", "bytes" },
        { 3, "signed_prekey", "SignedKey" },
        { 4, "one_time_prekey", "OneTimeKey" },
        { 5, "kem_prekey", "SignedKey" },
    },
    Envelope = {
        { 1, "id", "bytes" },
        { 2, "from", "Address" },
        { 3, "to", "Address" },
        { 4, "kind", "EnvelopeKind" },
        { 5, "ciphertext", "bytes" },
        { 6, "billing_class", "BillingClass" },
    },
    Submit = {
        { 1, "sequence", "uint64" },
        { 2, "envelope", "Envelope" },
    },
    Accepted = {
        { 1, "through", "uint64" },
    },
    Delivery = {
        { 1, "sequence", "uint64" },
        { 2, "item", "InboxItem" },
        { 3, "name", "fixed64" },
    },
    InboxItem = {
        { 1, "envelope", "Envelope" },
        { 2, "receipt", "Receipt" },
    },
    Receipt = {
        { 1, "envelope_id", "bytes" },
        { 2, "outcome", "Outcome" },
    },
    Acknowledge = {
        { 1, "through", "uint64" },
        { 2, "unread", "uint64" },
    },
    PrekeysLow = {
        { 1, "address", "Address" },
        { 2, "one_time_left", "uint32" },
    },
    Metering = {
        { 1, "readings", "MeterReading" },
    },
    MeterReading = {
        { 1, "business", "uint64" },
        { 2, "direction", "Direction" },
        { 3, "billing_class", "BillingClass" },
        { 4, "country_calling_code", "uint32" },
        { 5, "envelopes", "uint64" },
        { 6, "bytes", "uint64" },
    },
    Rejected = {
        { 1, "code", "RejectCode" },
    },
    TransferRequest = {
        { 1, "put", "PutBlob" },
        { 2, "get", "GetBlob" },
        { 3, "delete", "DeleteBlob" },
    },
    PutBlob = {
        { 1, "blob_id", "bytes" },
        { 2, "length", "uint64" },
    },
    GetBlob = {
        { 1, "blob_id", "bytes" },
        { 2, "offset", "uint64" },
    },
    DeleteBlob = {
        { 1, "blob_id", "bytes" },
    },
    TransferAnswer = {
        { 1, "go_on", "GoOn" },
        { 2, "done", "Done" },
        { 3, "refused", "Refused" },
    },
    GoOn = {
        { 1, "length", "uint64" },
    },
    Done = {
    },
    Refused = {
        { 1, "refusal", "Refusal" },
    },
}

local ENUMS = {
    EnvelopeKind = { [0] = "ENVELOPE_KIND_UNSPECIFIED", [1] = "RATCHET", [2] = "PREKEY", [3] = "RETRY" },
    BillingClass = {
        [0] = "BILLING_CLASS_UNSPECIFIED", [1] = "SERVICE", [2] = "UTILITY", [3] = "AUTHENTICATION",
        [4] = "MARKETING",
    },
    Outcome = {
        [0] = "OUTCOME_UNSPECIFIED", [1] = "DELIVERED", [2] = "UNKNOWN_RECIPIENT", [3] = "NOT_ALLOWED",
    },
    Direction = {
        [0] = "DIRECTION_UNSPECIFIED", [1] = "BUSINESS_TO_CONSUMER", [2] = "CONSUMER_TO_BUSINESS",
    },
    RejectCode = {
        [0] = "REJECT_CODE_UNSPECIFIED", [1] = "UNSUPPORTED_VERSION", [2] = "FRAME_TOO_LARGE",
        [3] = "MALFORMED_FRAME", [4] = "UNKNOWN_FRAME", [5] = "INVALID_FIELD", [6] = "HELLO_EXPECTED",
        [7] = "OUT_OF_SEQUENCE", [8] = "ADDRESS_TAKEN", [9] = "TOO_MANY_PREKEYS", [10] = "NOT_A_GATEWAY",
    },
    Refusal = {
        [0] = "REFUSAL_UNSPECIFIED", [1] = "NO_BLOB", [2] = "BLOB_TOO_LARGE", [3] = "NO_ROOM", [4] = "NOT_NOW",
        [5] = "NOT_AN_ENDPOINT", [6] = "NAME_TAKEN",
    },
}

local blindpost = Proto("blindpost", "Blindpost")
local length_field = ProtoField.uint32("blindpost.length", "Length")
local version_field = ProtoField.uint8("blindpost.version", "Version")
local part_field = ProtoField.bytes("blindpost.part", "Part of a frame that ends in a later packet")
local malformed = ProtoExpert.new(
    "blindpost.malformed", "Not a frame", expert.group.MALFORMED, expert.severity.ERROR)
blindpost.experts = { malformed }

-- Fields are called by their way from the frame on: `blindpost.submit.envelope.from.number`.
local fields, registered = {}, { length_field, version_field, part_field }

local function register(message, path)
    for _, field in ipairs(MESSAGES[message]) do
        local name, type = field[2], field[3]
        local full = path .. "." .. name
        if MESSAGES[type] then
            fields[full] = ProtoField.none(full, name)
            register(type, full)
        elseif ENUMS[type] then
            fields[full] = ProtoField.uint32(full, name, base.DEC, ENUMS[type])
        elseif type == "uint64" or type == "fixed64" then
            fields[full] = ProtoField.uint64(full, name)
        elseif type == "uint32" then
            fields[full] = ProtoField.uint32(full, name)
        elseif type == "bool" then
            fields[full] = ProtoField.bool(full, name)
        else
            fields[full] = ProtoField.bytes(full, name)
        end
        registered[#registered + 1] = fields[full]
    end
end
register("ToRelay", "blindpost")
register("ToEndpoint", "blindpost")
blindpost.fields = registered

local by_number = {}
for message, list in pairs(MESSAGES) do
    by_number[message] = {}
    for _, field in ipairs(list) do
        by_number[message][field[1]] = field
    end
end

-- A base-128 varint at `at`: its value and where it ends; nothing if it does not end before `stop`.
local function varint(tvb, at, stop)
    local value = UInt64(0)
    for i = 0, 9 do
        if at + i >= stop then
            return nil
        end
        local byte = tvb(at + i, 1):uint()
        value = value:bor(UInt64(byte % 128):lshift(7 * i))
        if byte < 128 then
            return value, at + i + 1
        end
    end
    return nil
end

-- Shows a number, as the type of its field has it.
local function add_number(tree, field, type, range, value)
    if type == "bool" then
        tree:add(field, range, value:tonumber() ~= 0)
    elseif type == "uint64" or type == "fixed64" then
        tree:add(field, range, value)
    else
        tree:add(field, range, value:tonumber())
    end
end

-- The fields of a message between `at` and `stop`. False if they are none. Also names what the frame is.
local function dissect(tvb, tree, message, path, at, stop)
    local first
    while at < stop do
        local begin = at
        local key, value
        key, at = varint(tvb, at, stop)
        if not key then
            return false
        end
        local number, wire_type = math.floor(key:tonumber() / 8), key:tonumber() % 8
        if wire_type == 1 and at + 8 <= stop then
            value, at = tvb(at, 8):le_uint64(), at + 8
        elseif wire_type == 0 or wire_type == 2 then
            value, at = varint(tvb, at, stop)
        else
            return false
        end
        if not value then
            return false
        end
        local size = wire_type == 2 and value:tonumber() or 0
        if at + size > stop then
            return false
        end
        local field = by_number[message][number]
        if field then
            local name, type = field[2], field[3]
            local full = path .. "." .. name
            local range = tvb(begin, at + size - begin)
            first = first or type
            local is_number = not MESSAGES[type] and type ~= "bytes"
            if wire_type ~= 2 then
                if not is_number or (wire_type == 1) ~= (type == "fixed64") then
                    return false
                end
                add_number(tree, fields[full], type, range, value)
            elseif is_number then
                -- Packed: one behind the other.
                local place = at
                while place < at + size do
                    local one, behind = varint(tvb, place, at + size)
                    if not one then
                        return false
                    end
                    add_number(tree, fields[full], type, tvb(place, behind - place), one)
                    place = behind
                end
            elseif MESSAGES[type] then
                if not dissect(tvb, tree:add(fields[full], range), type, full, at, at + size) then
                    return false
                end
            elseif size > 0 then
                tree:add(fields[full], tvb(at, size))
            end
        end
        at = at + size
    end
    return true, first
end

-- Frames that have begun, by who sends them to whom; and whole ones, by the packet that they end in.
local begun, whole = {}, {}

function blindpost.init()
    begun, whole = {}, {}
end

-- The frame that ends in this packet, if one does.
local function assemble(part, pinfo)
    if not pinfo.visited then
        local way = string.format("%s:%d %s:%d", pinfo.src, pinfo.src_port, pinfo.dst, pinfo.dst_port)
        local bytes = begun[way] and (begun[way] .. part) or part
        local need = bytes:len() >= 4 and bytes:subset(0, 4):tvb("Length")(0, 4):uint() or 0
        if bytes:len() < 4 or (need <= MAX_FRAME_BYTES and bytes:len() < need + 4) then
            begun[way] = bytes
        else
            begun[way] = nil
            whole[pinfo.number] = bytes
        end
    end
    return whole[pinfo.number]
end

local function show(tvb, pinfo, tree)
    local root = pinfo.dst_port == PORT and "ToRelay" or "ToEndpoint"
    tree:add(length_field, tvb(0, 4))
    if tvb:len() < 5 or tvb(0, 4):uint() ~= tvb:len() - 4 or tvb(4, 1):uint() ~= VERSION then
        tree:add_proto_expert_info(malformed)
        return
    end
    tree:add(version_field, tvb(4, 1))
    local is_frame, name = dissect(tvb, tree, root, "blindpost", 5, tvb:len())
    if is_frame and name then
        pinfo.cols.info = name
        tree:append_text(", " .. name)
    else
        tree:add_proto_expert_info(malformed)
    end
end

function blindpost.dissector(tvb, pinfo, root)
    if tvb:len() < HEADER_BYTES + TAG_BYTES or tvb(0, 1):uint() ~= SHORT_HEADER then
        return 0
    end
    pinfo.cols.protocol = "Blindpost"
    local kind, size = tvb(11, 1):uint(), tvb:len() - HEADER_BYTES - TAG_BYTES
    local tree = root:add(blindpost, tvb())
    if kind == PADDING then
        pinfo.cols.info = "Handshake, of which only the length is simulated"
        tree:append_text(", handshake")
        return tvb:len()
    end
    if kind ~= STREAM or size == 0 or tvb(13, 2):uint() ~= 0x4000 + size then
        tree:add_proto_expert_info(malformed)
        return tvb:len()
    end
    local range = tvb(HEADER_BYTES, size)
    local bytes = assemble(range:bytes(), pinfo)
    if not bytes then
        pinfo.cols.info = "Part of a frame"
        tree:add(part_field, range)
    elseif bytes:len() == size then
        show(range:tvb(), pinfo, tree)
    else
        show(bytes:tvb("Frame"), pinfo, tree)
    end
    return tvb:len()
end

DissectorTable.get("udp.port"):add(PORT, blindpost)

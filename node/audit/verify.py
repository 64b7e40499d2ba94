#!/usr/bin/env python3
"""Checks an audit export or a proof file of a Kring node, with the Python standard library alone.

    verify.py FILE [--policy POLICY] [--json]

An independent second verifier beside `kring audit verify`: written from docs/AUDIT.md, RFC 6962, RFC 8032 and the C2SP
specifications signed-note, tlog-checkpoint, tlog-cosignature and tlog-policy; it shares no code with the node, and gives
the same verdicts, codes and places. Needs Python 3.8 or later, no network, no key. Exit code 0: the file holds; 2: it does
not (code, line and entry are printed); 64: bad usage, file or policy.
"""
import argparse, base64, hashlib, json, re, sys

MAX_INT = 2**63 - 1


# --- Ed25519 verification, RFC 8032 section 5.1, strict: canonical points and scalars, no small orders, no cofactor ----------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(data):
    """The point of 32 bytes in extended coordinates, or None."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(k, p):
    out = (0, 1, 1, 0)
    while k:
        if k & 1:
            out = add(out, p)
        p, k = add(p, p), k >> 1
    return out


def encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def small(p):
    return encode(times(8, p)) == encode((0, 1, 1, 0))


BASE = recover((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(key, signature, message):
    a, s = recover(key), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    r = add(times(s, BASE), times(k, (P - a[0], a[1], 1, P - a[3])))
    return encode(r) == signature[:32] and not small(r) and not small(a)


# --- Faults ------------------------------------------------------------------------------------------------------------------
class Fault(Exception):
    """What is wrong, on which line (from 1), at which entry."""

    def __init__(self, code, line, index=None, text=""):
        super().__init__(code)
        self.code, self.line, self.index, self.text = code, line, index, text


class Usage(Exception):
    pass


# --- The tree of RFC 6962 ----------------------------------------------------------------------------------------------------
def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A growing tree: its size and the roots of its complete subtrees, the largest first."""

    def __init__(self, size, peaks):
        self.size, self.peaks = size, peaks

    def push(self, leaf):
        bits = self.size
        while bits & 1:
            leaf, bits = node_hash(self.peaks.pop(), leaf), bits >> 1
        self.peaks.append(leaf)
        self.size += 1

    def extend(self, after, size):
        """The complete subtrees from here to a tree of this size, from left to right: each the largest that fits."""
        for root, level in zip(after, following(self.size, size)):
            bits = self.size >> level
            while bits & 1:
                root, bits = node_hash(self.peaks.pop(), root), bits >> 1
            self.peaks.append(root)
            self.size += 1 << level

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def following(at, size):
    """The levels of the complete subtrees that lead from a tree of `at` leaves to one of `size`."""
    while at < size:
        level = (size - at).bit_length() - 1
        level = min(level, (at & -at).bit_length() - 1) if at else level
        yield level
        at += 1 << level


def included(leaf, index, size, path, root):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        return False
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            leaf = node_hash(sibling, leaf)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and leaf == root


# --- Signed notes, checkpoints, cosignatures ---------------------------------------------------------------------------------
def unbase64(text):
    """Canonical base64 only."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, UnicodeError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def good_name(name):
    if not name or len(name.encode()) > 256:
        return False
    # Python's idea of a space has four separators (U+001C to U+001F) more than Unicode's: control characters all the same.
    return not any(c.isspace() or c == "+" or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in name)


class Key:
    """A key that signs notes: LOG signs the text, WITNESS a time and the text."""

    LOG, WITNESS = 1, 4

    def __init__(self, name, kind, data):
        point = recover(data)
        if not good_name(name) or kind not in (1, 4) or point is None or small(point):
            raise ValueError("not a usable key")
        self.name, self.kind, self.data = name, kind, data
        self.id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + data).digest()[:4]

    def same(self, other):
        return (self.name, self.kind, self.data) == (other.name, other.kind, other.data)

    def claims(self, line):
        return line[0] == self.name and line[1][:4] == self.id

    def signed(self, text, lines):
        """The time stated (0 for a log), None if it did not sign; ValueError if its line is wrong or there are two."""
        own = [line[1][4:] for line in lines if self.claims(line)]
        if not own:
            return None
        if len(own) > 1:
            raise ValueError(f"two signature lines of {self.name}")
        signature, time, message = own[0], 0, text.encode()
        if self.kind == Key.WITNESS:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = b"cosignature/v1\ntime %d\n" % time + message
        if time > MAX_INT or not ed25519(self.data, signature, message):
            raise ValueError(f"the signature line of {self.name} does not verify")
        return time


def parse_note(note):
    """Text and signature lines (name, key id and signature) of a signed note."""
    body, blank, rest = note.rpartition("\n\n")
    if len(note.encode()) > 128 * 1024 or not blank or not rest.endswith("\n"):
        raise ValueError("not a signed note")
    if any(c < " " and c != "\n" for c in body):
        raise ValueError("control characters")
    lines = []
    for line in rest[:-1].split("\n"):
        dash, name, signature = (line.split(" ", 2) + ["", ""])[:3]
        data = unbase64(signature)
        if dash != "\u2014" or not good_name(name) or data is None or len(data) < 5 or len(lines) == 64:
            raise ValueError("not a signature line")
        lines.append((name, data))
    return body + "\n", lines


class Parties:
    """The log, its key and its witnesses, as a file names them."""

    def __init__(self, file, line):
        self.origin, self.hospital = file["origin"], file["hospital"]
        code = re.compile(r"[A-Z][A-Z0-9-]{1,15}")
        if not code.fullmatch(self.hospital):
            raise Fault("header", line, None, "not a hospital code")
        key = self.key(file["log_key"], line)
        name = "kring/%s/%s" % (self.hospital, hashlib.sha256(key).hexdigest()[:16])
        gap = re.fullmatch(re.escape(name) + r"(?:/([1-9][0-9]{0,9}))?", self.origin)
        if not gap or int(gap.group(1) or 0) >= 2**32:
            raise Fault("origin", line)
        self.log = self.make(self.origin, Key.LOG, key, line)
        self.name, self.gaps = name, int(gap.group(1) or 0)
        self.witnesses = {}
        for hospital, text in file["witnesses"].items():
            key = self.key(text, line)
            if not code.fullmatch(hospital):
                raise Fault("header", line, None, "not a hospital code")
            self.witnesses[hospital] = self.make(f"kring/{hospital}/witness", Key.WITNESS, key, line)

    @staticmethod
    def key(text, line):
        if not re.fullmatch("[0-9a-f]{64}", text) or small(recover(bytes.fromhex(text)) or (0, 1, 1, 0)):
            raise Fault("key", line)
        return bytes.fromhex(text)

    @staticmethod
    def make(name, kind, data, line):
        try:
            return Key(name, kind, data)
        except ValueError:
            raise Fault("key", line)

    def number(self, origin):
        """How many gaps an origin of this log comes after, or None if it is of another log."""
        gap = re.fullmatch(re.escape(self.name) + r"(?:/([1-9][0-9]{0,9}))?", origin)
        return int(gap.group(1) or 0) if gap and int(gap.group(1) or 0) < 2**32 else None

    def earlier(self, note):
        """The log's key under the origin of a checkpoint, where that is one from before a gap."""
        origin = note.split("\n", 1)[0]
        number = self.number(origin)
        return Key(origin, Key.LOG, self.log.data) if number is not None and number < self.gaps else self.log

    def open(self, number, note, line, log=None):
        """Size, root and cosigners of a checkpoint, every line verified."""
        log = log or self.log
        try:
            text, lines = parse_note(note)
            origin, size, root, end = text.split("\n")
            root = unbase64(root)
            if end or not re.fullmatch("0|[1-9][0-9]{0,18}", size) or int(size) > MAX_INT or root is None or len(root) != 32:
                raise ValueError("not a checkpoint")
            if origin != log.name or log.signed(text, lines) is None:
                raise ValueError("not of this log")
            keys = [log, *self.witnesses.values()]
            for signature in lines:
                if not any(key.claims(signature) for key in keys):
                    raise Fault("unknown_signature", line, None, f"checkpoint {number}: {signature[0]}")
            times = {code: key.signed(text, lines) for code, key in self.witnesses.items()}
        except ValueError as error:
            raise Fault("checkpoint", line, None, f"checkpoint {number}: {error}")
        return int(size), root, {code: time for code, time in times.items() if time is not None}

    def all_used(self, cosigned, line):
        for code in self.witnesses:
            if not any(code in times for times in cosigned):
                raise Fault("unused_witness", line, None, code)


# --- Trust policy, C2SP tlog-policy ------------------------------------------------------------------------------------------
class Policy:
    def __init__(self, text):
        self.logs, self.known, self.quorum, keys, members = [], {}, None, set(), set()
        if len(text.encode()) > 64 * 1024:
            raise Usage("a trust policy has at most 65,536 bytes")
        for number, line in enumerate(text.split("\n"), 1):
            items = [item for item in re.split("[ \t]+", line) if item]
            try:
                if any((ord(c) < 0x20 and c != "\t") or 0x7F <= ord(c) < 0xA0 for c in line):
                    raise ValueError("control character")
                self.line(items, keys, members)
            except ValueError as error:
                raise Usage(f"trust policy, line {number}: {error}")
        if self.quorum is None:
            raise Usage("the trust policy has no `quorum` line")

    def line(self, items, keys, members):
        if not items or items[0].startswith("#"):
            return
        word, size = items[0], len(items)
        if word == "log" and size in (2, 3):
            self.logs.append(self.vkey(items[1], Key.LOG, keys))
        elif word == "witness" and size in (3, 4):
            self.name(items[1], self.vkey(items[2], Key.WITNESS, keys))
        elif word == "group" and size >= 3:
            for member in items[3:]:
                if member not in self.known or member in members:
                    raise ValueError(f"member {member}")
                members.add(member)
            count = size - 3
            least = {"any": 1, "all": count}.get(items[2])
            if least is None:
                if not re.fullmatch("[+]?[0-9]{1,9}", items[2]):
                    raise ValueError("threshold")
                least = int(items[2])
            if not 1 <= least <= count:
                raise ValueError("threshold")
            self.name(items[1], (least, items[3:]))
        elif word == "quorum" and size == 2 and self.quorum is None and (items[1] == "none" or items[1] in self.known):
            self.quorum = items[1]
        else:
            raise ValueError("not a line of a policy")

    @staticmethod
    def vkey(text, kind, keys):
        name, key_id, encoded = (text.split("+", 2) + ["", ""])[:3]
        data = unbase64(encoded)
        key = Key(name, kind, data[1:]) if data and data[0] == kind else None
        if key is None or key.id.hex() != key_id or key.data in keys:
            raise ValueError("key")
        keys.add(key.data)
        return key

    def name(self, name, what):
        if name == "none" or name in self.known:
            raise ValueError(f"name {name}")
        self.known[name] = what

    def trusts(self, parties, line):
        if not any(key.same(parties.log) for key in self.logs):
            raise Fault("log_not_trusted", line, None, parties.origin)

    def check(self, parties, cosigned, line):
        signers = [parties.witnesses[code] for code in cosigned]

        def witnessed(name):
            what = self.known[name]
            if isinstance(what, Key):
                return any(key.same(what) for key in signers)
            return sum(map(witnessed, what[1])) >= what[0]

        if self.quorum != "none" and not witnessed(self.quorum):
            raise Fault("quorum", line)


# --- What the entries say together -------------------------------------------------------------------------------------------
class Contradiction(Exception):
    """What no honest node writes, however it is killed."""


MAX_DEPTH = 64
LONE = re.compile("[\ud800-\udfff]")


def pairs_of(text):
    """JSON whose objects are lists of pairs, so that a name that is there twice is seen, and whether all names are text: half
    a surrogate pair is none."""

    def no_number(name):
        raise ValueError(name)

    def whole(digits):
        """`-0` is no whole number, and Python need not read one that is out of range anyway."""
        return float(digits) if digits == "-0" or len(digits) > 20 else int(digits)

    def pairs(pairs):
        return ("object", pairs, not any(LONE.search(name) for name, _ in pairs))

    read = json.loads(text, object_pairs_hook=pairs, parse_constant=no_number, parse_int=whole)
    level = [read]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in inside(value)]
    if any(isinstance(value, (list, tuple)) for value in level):
        raise ValueError("too deep")
    return read


def inside(value):
    """What is in an array or object."""
    return value if isinstance(value, list) else [v for _, v in value[1]] if isinstance(value, tuple) else ()


def is_text(value):
    return isinstance(value, str) and not LONE.search(value)


def field_of(value, name, kind, needed=True):
    """The field of an object that has it once, of this type; None where it may be absent and is, or null."""
    if not isinstance(value, tuple) or not value[2]:
        raise ValueError("not an object with names")
    found = [v for n, v in value[1] if n == name]
    if len(found) > 1 or (needed and (not found or found[0] is None)):
        raise ValueError(name)
    if not found or found[0] is None:
        return None
    if kind == "digest":
        good = isinstance(found[0], str) and re.fullmatch("[0-9a-f]{64}", found[0])
    elif kind == "names":
        good = isinstance(found[0], list) and all(map(is_text, found[0]))
    elif kind is int:
        good = type(found[0]) is int and -MAX_INT - 1 <= found[0] <= MAX_INT
    elif kind is str:
        good = is_text(found[0])
    else:
        good = kind is None or isinstance(found[0], kind)
    if not good:
        raise ValueError(name)
    return found[0]


class Story:
    """The log entry by entry, with what earlier ones said remembered. Kinds that are not known are passed over."""

    STEP = 10
    ONCE = ("kind", "question", "request", "hospitals", "responder", "ahead_s")

    def __init__(self, first):
        self.whole, self.begun, self.put, self.waiting = first == 0, {}, {}, set()
        self.last, self.steps, self.cut_off, self.unanswered = None, 0, 0, 0

    def entry(self, entry):
        try:
            at, kind, event = self.event(entry.decode())
            read = self.fields(kind, event)
        except (ValueError, RecursionError):
            raise Contradiction("not_an_event")
        if self.last is not None and at + self.STEP < self.last:
            self.steps += 1
        self.last = at
        self.take(kind, *read)

    def event(self, text):
        line = pairs_of(text)
        event = field_of(line, "event", tuple)
        for name in self.ONCE:
            field_of(event, name, None, needed=False)
        return field_of(line, "at", int), field_of(event, "kind", str), event

    @staticmethod
    def fields(kind, event):
        """The question, and what else the kind says that matters."""
        if kind in ("intent", "refused", "asked", "asked/2"):
            question = field_of(field_of(event, "question", tuple), "digest", "digest")
        elif kind in ("outcome", "fault", "received"):
            question = field_of(event, "question", "digest")
        else:
            return (None, field_of(event, "ahead_s", int) if kind == "clock" else None)
        more = {"intent": ("request", "digest"), "outcome": ("request", "digest"), "asked/2": ("hospitals", "names"),
                "received": ("responder", str)}.get(kind)
        return (question, field_of(event, *more) if more else None)

    def take(self, kind, question, more):
        begun = self.begun.get(question)
        if kind == "intent":
            if begun is not None:
                raise Contradiction("begun_twice")
            self.begun[question] = more
        elif kind in ("outcome", "refused"):
            if begun == "decided":
                raise Contradiction("decided_twice")
            if kind == "outcome":
                self.runs(begun, more)
            self.begun[question] = "decided"
        elif kind == "fault":
            self.runs(begun, None)
        elif kind == "asked":
            self.put[question] = None
        elif kind == "asked/2":
            self.waiting.update((question, hospital) for hospital in more)
            put = self.put.setdefault(question, set())
            if put is not None:
                put.update(more)
        elif kind == "received":
            put = self.put.get(question, () if self.whole else None)
            if put is not None and more not in put:
                raise Contradiction("never_asked")
            self.waiting.discard((question, more))
        elif kind == "started":
            self.unanswered += len(self.waiting)
            self.waiting = set()
            for question in self.open():
                self.begun[question] = "cut_off"
                self.cut_off += 1
        elif kind == "clock" and more < 0:
            self.steps = 0

    def runs(self, begun, request):
        """A question runs between its beginning and its decision, in one process, for one request."""
        if begun is None and not self.whole:
            return
        if begun in (None, "decided", "cut_off") or (request is not None and request != begun):
            raise Contradiction("never_begun")

    def open(self):
        return [question for question, begun in self.begun.items() if begun not in ("decided", "cut_off")]

    def end(self):
        """What is legal and worth a look."""
        return {"cut_off": self.cut_off, "unanswered": self.unanswered,
                "under_way": len(self.open()) + len(self.waiting), "steps_back": self.steps}


# --- Files -------------------------------------------------------------------------------------------------------------------
def fields(line, shape, limit, code, number):
    """An object in its one encoding, whose fields have these types in this order."""
    try:
        text = line.decode()
        read = json.loads(text)
        good = len(line) <= limit and isinstance(read, dict) and list(read) == list(shape)
        good = good and json.dumps(read, ensure_ascii=False, separators=(",", ":")).encode() == line
    except (ValueError, RecursionError):
        good = False
    if not good or any(not of_type(read[name], kind) for name, kind in shape.items()):
        raise Fault(code, number, None, "not the one encoding of its fields")
    return read


def of_type(value, kind):
    if kind is int:
        return type(value) is int and 0 <= value <= 2 * MAX_INT + 1
    if kind is dict:
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values()) and list(value) == sorted(value)
    if kind is list:
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if isinstance(kind, dict):
        return isinstance(value, list) and all(
            isinstance(v, dict) and list(v) == list(kind) and all(of_type(v[n], k) for n, k in kind.items()) for v in value
        )
    return isinstance(value, str)


def hashes(texts):
    """Hashes from hexadecimal text, or None."""
    return [bytes.fromhex(t) for t in texts] if all(re.fullmatch("[0-9a-f]{64}", t) for t in texts) else None


PARTIES = {"format": str, "origin": str, "hospital": str, "log_key": str, "witnesses": dict}
HEADER = {**PARTIES, "first": int, "count": int, "before": list}
PART = {**HEADER, "after": list}
TRAILER = {"checkpoints": list, "marks": str}
PROOF = {**PARTIES, "checkpoint": str, "entries": {"index": int, "entry": str, "path": list}}
INDEX = re.compile(rb'\{"version":1,"index":(0|[1-9][0-9]{0,18}),')


def stated_index(entry):
    match = INDEX.match(entry)
    return int(match.group(1)) if match and int(match.group(1)) <= MAX_INT else None


GAP = re.compile(rb'\{"version":1,"index":(0|[1-9][0-9]{0,18}),"at":-?(0|[1-9][0-9]{0,18}),"event":\{"kind":"gap_accepted",(.*)', re.S)
GAP_FIELDS = re.compile(
    rb'"origin":"([!#-\[\]-~]*)","before":"([!#-\[\]-~]*)","size":(0|[1-9][0-9]{0,18}),"root":"([0-9a-f]{64})",'
    rb'"seen":(0|[1-9][0-9]{0,18}),"evidence":(0|[1-9][0-9]{0,18})\}\}'
)


class Lineage:
    """Which origin of the log holds where: each begins with the entry that names the one before, and nowhere else."""

    def __init__(self, parties, first):
        self.parties, self.number, self.gaps = parties, None if first else 0, []

    def entry(self, entry, tree):
        match = GAP.match(entry)
        if not match or int(match.group(1)) > MAX_INT or int(match.group(2)) > MAX_INT:
            return
        said = GAP_FIELDS.fullmatch(match.group(3))
        if not said or any(int(said.group(n)) > MAX_INT for n in (3, 5, 6)):
            raise ValueError("not the entry of a gap")
        size, root = int(said.group(3)), bytes.fromhex(said.group(4).decode())
        before, origin = (self.parties.number(said.group(n).decode()) for n in (2, 1))
        if (size, root) != (tree.size, tree.root()) or before is None or origin is None or origin <= before:
            raise ValueError("another head or origin")
        if self.number not in (None, before):
            raise ValueError("another origin holds before this entry")
        self.number = origin
        self.gaps.append({"index": size, "origin": said.group(1).decode(), "before": said.group(2).decode(),
                          "root": root.hex(), "seen": int(said.group(5))})

    def checkpoint(self, note):
        number = self.parties.number(note.split("\n", 1)[0])
        if self.number not in (None, number):
            raise ValueError("another origin holds here")
        self.number = number


def verify_export(data, policy):
    lines = data.split(b"\n")
    total = len(lines) - 1
    if lines.pop() or total < 2:
        raise Fault("cut_off", total + 1)
    part = lines[0].startswith(b'{"format":"kring-audit/2"')
    header = fields(lines[0], PART if part else HEADER, 256 * 1024, "header", 1)
    first, count, end = header["first"], header["count"], header["first"] + header["count"]
    if header["format"] != ("kring-audit/2" if part else "kring-audit/1"):
        raise Fault("header", 1, None, "another format")
    parties = Parties(header, 1)
    if policy:
        policy.trusts(parties, 1)
    before = hashes(header["before"])
    if before is None or len(before) != bin(first).count("1") or first + count > MAX_INT:
        raise Fault("header", 1, None, "first, count or before")
    tree = Tree(first, before)

    trailer = fields(lines[-1], TRAILER, 256 * 1024 * 1024, "trailer", total)
    notes, marks = trailer["checkpoints"], trailer["marks"]
    if len(notes) > 1024:
        raise Fault("trailer", total, None, "at most 1024 checkpoints")
    heads = []
    for number, note in enumerate(notes, 1):
        log = parties.earlier(note) if number < len(notes) else parties.log
        head = parties.open(number, note, total, log)
        if head[0] < first or (heads and head[0] <= heads[-1][0]):
            raise Fault("checkpoint", total, None, f"checkpoint {number}: sizes rise, from the first entry on")
        heads.append(head)
    if not heads:
        raise Fault("trailer", total, None, "at least one checkpoint")
    size = heads[-1][0]
    if size < end or (size > end and not part) or any(head[0] > end for head in heads[:-1]):
        raise Fault("not_covered", 1, None, f"the last checkpoint is of {size} entries")
    after = hashes(header.get("after", []))
    if after is None or len(after) != len(list(following(end, size))):
        raise Fault("header", 1, None, "after")
    if len(marks) != 8 * count or not re.fullmatch("[0-9a-f]*", marks):
        raise Fault("trailer", total, None, "a mark of eight digits for each entry")
    parties.all_used([head[2] for head in heads], 1)
    if policy:
        policy.check(parties, heads[-1][2], total)

    suspect, passed, proved = None, 0, first
    story, contradiction, lineage = Story(first), None, Lineage(parties, first)

    def changed():
        """The first fault once it is known that something up to here is wrong."""
        return suspect is not None and Fault("entry_changed", suspect - first + 2, suspect, "the entry was changed")

    for number in range(-1, total - 2):
        if number >= 0:
            index, line, entry = tree.size, number + 2, lines[number + 1]
            stated = stated_index(entry)
            if number >= count:
                raise changed() or Fault("entry_added", line, index)
            if stated is None or len(entry) > 64 * 1024:
                raise changed() or Fault("entry_unreadable", line, index)
            if stated > index:
                raise changed() or Fault("entries_missing", line, index, f"entries {index} to {stated - 1} are missing here")
            if stated < index:
                raise changed() or Fault("entry_out_of_place", line, index, f"entry {stated} stands here")
            leaf, gap = leaf_hash(entry), None
            try:
                lineage.entry(entry, tree)
            except ValueError as error:
                gap = Fault("gap", line, index, str(error))
            tree.push(leaf)
            if suspect is None and leaf.hex()[:8] != marks[8 * number : 8 * number + 8]:
                suspect = index
            if gap:
                raise changed() or gap
            if contradiction is None:
                try:
                    story.entry(entry)
                except Contradiction as found:
                    contradiction = Fault(str(found), line, index, "no honest node writes this")
        while passed < len(heads):
            whole = tree
            if heads[passed][0] > end == tree.size:
                whole = Tree(end, list(tree.peaks))
                whole.extend(after, size)
            if heads[passed][0] != whole.size:
                break
            if heads[passed][1] != whole.root():
                text = f"entries from {proved} up to {tree.size} are not those that the log signed"
                raise changed() or Fault("root", count + 2, None, text)
            if suspect is not None:
                raise Fault("mark_changed", count + 2, suspect, "the mark was changed; the entry itself is right")
            if heads[passed][0] == tree.size:
                try:
                    lineage.checkpoint(notes[passed])
                except ValueError as error:
                    raise Fault("gap", count + 2, None, str(error))
            passed, proved = passed + 1, tree.size
    if changed() or passed < len(heads):
        raise changed() or Fault("entries_cut", total, None, f"the entries from {tree.size} on are missing")
    if contradiction:
        raise contradiction
    size, root, cosigned = heads[-1]
    return {"origin": parties.origin, "log_key": header["log_key"], "first": first, "count": count, "size": size,
            "root": root.hex(), "checkpoints": len(heads), "gaps": lineage.gaps, "cosigned": cosigned, "notes": story.end()}


def verify_proof(data, policy):
    if not data.endswith(b"\n"):
        raise Fault("cut_off", 1)
    file = fields(data[:-1], PROOF, 16 * 1024 * 1024, "header", 1)
    if file["format"] != "kring-proof/1":
        raise Fault("header", 1, None, "another format")
    parties = Parties(file, 1)
    if policy:
        policy.trusts(parties, 1)
    size, root, cosigned = parties.open(1, file["checkpoint"], 1)
    parties.all_used([cosigned], 1)
    if policy:
        policy.check(parties, cosigned, 1)
    if not 1 <= len(file["entries"]) <= 64:
        raise Fault("header", 1, None, "1 to 64 entries")
    for one in file["entries"]:
        index, path, entry = one["index"], hashes(one["path"]), one["entry"].encode()
        if path is None or len(path) > 63:
            raise Fault("not_in_log", 1, index)
        if stated_index(entry) != index:
            raise Fault("entry_unreadable", 1, index)
        if not included(leaf_hash(entry), index, size, path, root):
            raise Fault("not_in_log", 1, index)
    return {"origin": parties.origin, "log_key": file["log_key"], "size": size, "root": root.hex(), "cosigned": cosigned,
            "entries": sorted(one["index"] for one in file["entries"])}


NOTES = {
    "cut_off": "questions were cut off here by the end of the node's process",
    "unanswered": "replies were cut off by the end of the node's process",
    "under_way": "questions or replies were open at the end",
    "steps_back": "times the clock went back without a `clock` entry",
}


def main():
    parser = argparse.ArgumentParser(description="Check an audit export or a proof file of a Kring node.")
    parser.add_argument("file")
    parser.add_argument("--policy", help="whom to trust, a C2SP tlog-policy file")
    parser.add_argument("--json", action="store_true", help="print one object")
    try:
        args = parser.parse_args()
    except SystemExit as ended:
        return 64 if ended.code else 0
    try:
        policy = None
        if args.policy:
            with open(args.policy, encoding="utf-8", newline="") as file:
                policy = Policy(file.read())
        with open(args.file, "rb") as file:
            data = file.read()
        verify = verify_proof if data.startswith(b'{"format":"kring-proof/') else verify_export
        verdict = {"holds": True, **verify(data, policy), "trusted": policy is not None}
    except Fault as fault:
        verdict = {"holds": False, "code": fault.code, "line": fault.line, "index": fault.index}
        if not args.json:
            place = f"line {fault.line}" + (f", entry {fault.index}" if fault.index is not None else "")
            print(f"does not hold: {place}: {fault.code}{': ' * bool(fault.text)}{fault.text}")
    except (Usage, OSError, UnicodeError) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 64
    if args.json:
        print(json.dumps(verdict))
    elif verdict["holds"]:
        print(f"holds: log {verdict['origin']}, root {verdict['root']} over {verdict['size']} entries")
        print("cosigned by " + (", ".join(verdict["cosigned"]) or "nobody"))
        for note, count in verdict.get("notes", {}).items():
            if count:
                print(f"note: {count} {NOTES[note]}")
        for gap in verdict.get("gaps", []):
            print(f"gap before entry {gap['index']}: {gap['before']} was lost beyond it, up to {gap['seen']} entries were seen")
        if policy is None:
            print(f"no trust policy was given: compare the log's key yourself: {verdict['log_key']}")
    return 0 if verdict["holds"] else 2


if __name__ == "__main__":
    sys.exit(main())

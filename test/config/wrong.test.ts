// Every way a configuration can be wrong that anybody has thought of: where the error points, and what it says.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FILE_BYTES_MAX } from "../../src/config/document.js";
import { loadConfig } from "../../src/config/load.js";
import { SECRET, testEnvironment } from "./environment.js";

interface Row {
	readonly text: string;
	/** `line:column: path` of the one error. */
	readonly at: string;
	/** What its message has in it. */
	readonly says: readonly string[];
}

const serial = (rest: string): string =>
	`sources:\n  - name: env\n    type: serial\n    path: /dev/ttyUSB0\n    ${rest}\n`;
const gpio = (rest: string): string => `sources:\n  - { name: door, type: gpio, pin: GPIO17, ${rest} }\n`;
const sim = (rest: string): string => `sources:\n  - { name: lab, type: sim, ${rest} }\n`;
const mqtt = (rest: string): string => `mqtt:\n  ${rest}\n`;

const text: Record<string, Row> = {
	"an empty file": { text: "", at: "1:1: ", says: ["the file is empty", "allowed: device, board, mqtt"] },
	"a file of comments": { text: "# nothing\n\n# here\n", at: "1:1: ", says: ["the file is empty"] },
	"a list for a file": { text: "- device: a\n", at: "1:1: ", says: ["no mapping of settings"] },
	"a word for a file": { text: "hello\n", at: "1:1: ", says: ["no mapping of settings"] },
	"a number for a file": { text: "42\n", at: "1:1: ", says: ["no mapping of settings"] },
	"a key given twice": {
		text: "device: a\nboard: auto\ndevice: b\n",
		at: "3:1: device",
		says: ["given twice", "first in line 1", "allowed: once"],
	},
	"a key given twice in a section": {
		text: "mqtt:\n  keepalive: 30s\n  keepalive: 40s\n",
		at: "3:3: mqtt.keepalive",
		says: ["given twice", "first in line 2"],
	},
	"a tab for indentation": { text: "mqtt:\n\tversion: 5\n", at: "2:1: ", says: ["a tab", "allowed: spaces"] },
	"a second document": { text: "device: a\n---\ndevice: b\n", at: "2:1: ", says: ["second document", "allowed: one"] },
	"a quote that is not closed": { text: 'device: "a\n', at: "2:1: ", says: ["not closed", "quote"] },
	"a bracket that is not closed": { text: "mqtt: {url: [}\n", at: "1:14: ", says: ["not closed"] },
	"a mapping behind a value": { text: "device: a: b\n", at: "1:9: ", says: ["cannot begin", "quotes"] },
	"a section that is indented under a value": { text: "device: a\n buffer: {}\n", at: "1:9: ", says: ["cannot begin"] },
	"a value that begins with @": {
		text: "device: @x\n",
		at: "1:9: ",
		says: ["cannot begin with this character", "quotes"],
	},
	"an unknown escape": { text: 'device: "a\\q"\n', at: "1:11: ", says: ["unknown escape", "single quotes"] },
	"a tag": { text: "device: !name a\n", at: "1:9: ", says: ["a tag", "allowed: plain values"] },
	"an alias without an anchor": { text: "device: *x\n", at: "1:9: device", says: ["an alias", "quotes"] },
	"an alias inside its own anchor": { text: "device: &a [*a]\n", at: "1:12: ", says: ["nested too deeply", "alias"] },
	"aliases that multiply": {
		text: "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
		at: "2:8: ",
		says: ["too many values", "aliases repeated"],
	},
	"brackets without end": { text: "[".repeat(50_000), at: "1:33: ", says: ["nested too deeply", "32 levels"] },
	"lists in lists without end": { text: "- ".repeat(20_000), at: "1:65: ", says: ["nested too deeply"] },
	"YAML 1.1, where yes is true": {
		text: "%YAML 1.1\n---\ndevice: a\n",
		at: "1:1: ",
		says: ["%YAML", "allowed: YAML 1.2"],
	},
	"a directive nobody knows": { text: "%FOO bar\n---\ndevice: a\n", at: "1:1: ", says: ["a directive"] },
	"a control character": { text: "device: a\u0007\n", at: "1:10: ", says: ["control character", "UTF-8"] },
	"a key that is a list": { text: "? [a]\n: 1\n", at: "1:3: ", says: ["a key that is no text"] },
	"a key that is nothing": { text: "~: 1\n", at: "1:1: ", says: ["a key that is no text"] },
	"a variable in braces without quotes": {
		text: `mqtt: { username: u, password: \${PASSWORD} }\n`,
		at: "1:33: ",
		says: ["inside { } or [ ]", "needs quotes"],
	},
	"an address in brackets without quotes": {
		text: "http:\n  listen: [::1]:9464\n",
		at: "2:16: ",
		says: ["reads as a list", '"[::1]:9464"'],
	},
};

const keys: Record<string, Row> = {
	"a misspelt section": {
		text: "mqqt: {}\n",
		at: "1:1: mqqt",
		says: ["unknown key", "did you mean mqtt?", "allowed: device"],
	},
	"a section in capitals": { text: "Device: a\n", at: "1:1: Device", says: ["did you mean device?"] },
	"a key in camel case": {
		text: "publish:\n  maxReadings: 5\n",
		at: "2:3: publish.maxReadings",
		says: ["did you mean max_readings?"],
	},
	"a key with a hyphen": {
		text: "shutdown-timeout: 5s\n",
		at: "1:1: shutdown-timeout",
		says: ["did you mean shutdown_timeout?"],
	},
	"a key of another section": {
		text: "publish: { ttl: 5m }\n",
		at: "1:12: publish.ttl",
		says: ["did you mean buffer.ttl?"],
	},
	"a key nobody knows": { text: "foo: 1\n", at: "1:1: foo", says: ["unknown key; allowed: device, board"] },
	"a key that is a number": { text: "1: 1\n", at: "1:1: 1", says: ["unknown key"] },
	"a key with a space": { text: '"a b": 1\n', at: '1:1: ["a b"]', says: ["unknown key"] },
	"a colon without a space": {
		text: `{password:${SECRET}}\n`,
		at: '1:2: ["password:…"]',
		says: ["unknown key", "a space is missing after ':'"],
	},
	"a merge key": { text: "<<: { device: a }\n", at: '1:1: ["<<"]', says: ["no merge keys"] },
	"a key that every object inherits": { text: "constructor: 1\n", at: "1:1: constructor", says: ["unknown key"] },
	"a key that names the prototype": { text: "__proto__: { device: a }\n", at: "1:1: __proto__", says: ["unknown key"] },
	"an unknown key of mqtt": { text: mqtt("user: x"), at: "2:3: mqtt.user", says: ["did you mean username?"] },
	"an unknown key of http": {
		text: "http: { port: 1 }\n",
		at: "1:9: http.port",
		says: ["unknown key; allowed: listen"],
	},
	"an unknown key of reconnect": {
		text: mqtt("reconnect: { maximum: 5s }"),
		at: "2:16: mqtt.reconnect.maximum",
		says: ["unknown key", "allowed: min, max"],
	},
	"an unknown key of a source": {
		text: serial("max_lien: 512"),
		at: "5:5: sources[0].max_lien",
		says: ["did you mean max_line?"],
	},
	"a key of another type of source": {
		text: gpio("baud: 9600"),
		at: "2:44: sources[0].baud",
		says: ["unknown key", "debounce"],
	},
	"an unknown key of a limit": {
		text: serial("limits: { t: { deadbnd: 1 } }"),
		at: "5:20: sources[0].limits.t.deadbnd",
		says: ["did you mean deadband?"],
	},
};

const general: Record<string, Row> = {
	"a device that is a number": {
		text: "device: 123\n",
		at: "1:9: device",
		says: ["found the number 123", "in quotes"],
	},
	"a device that is true": { text: "device: true\n", at: "1:9: device", says: ["found true", "in quotes"] },
	"a device that is nothing": { text: "device:\n", at: "1:8: device", says: ["found nothing", "allowed: 1 to 64"] },
	"a device with a slash": {
		text: "device: a/b\n",
		at: "1:9: device",
		says: ['found the text "a/b"', "A-Z a-z 0-9 _ -"],
	},
	"a device that is too long": { text: `device: ${"x".repeat(65)}\n`, at: "1:9: device", says: ["xxx…", "1 to 64"] },
	"a device that is a list": { text: "device: [a]\n", at: "1:9: device", says: ["found a list of 1"] },
	"a board that is misspelt": { text: "board: rpi4b\n", at: "1:8: board", says: ['"rpi4b"', "did you mean rpi-4b?"] },
	"a board that is a path": { text: "board: ../x\n", at: "1:8: board", says: ["allowed: auto, or the id of a board"] },
	"a capacity of nothing": {
		text: "buffer: { capacity: 0 }\n",
		at: "1:21: buffer.capacity",
		says: ["the number 0", "1 to 4194304"],
	},
	"a capacity beyond the bound": {
		text: "buffer: { capacity: 1e9 }\n",
		at: "1:21: buffer.capacity",
		says: ["1000000000"],
	},
	"a capacity with a fraction": {
		text: "buffer: { capacity: 1.5 }\n",
		at: "1:21: buffer.capacity",
		says: ["a whole number"],
	},
	"a capacity without end": { text: "buffer: { capacity: .inf }\n", at: "1:21: buffer.capacity", says: ["Infinity"] },
	"a capacity with an underscore": {
		text: "buffer: { capacity: 65_536 }\n",
		at: "1:21: buffer.capacity",
		says: ['the text "65_536"', "write 65536"],
	},
	"a capacity in quotes": {
		text: 'buffer: { capacity: "100" }\n',
		at: "1:21: buffer.capacity",
		says: ["without quotes"],
	},
	"a TTL without a unit": {
		text: "buffer: { ttl: 600 }\n",
		at: "1:16: buffer.ttl",
		says: ["a unit is missing: 600ms, 600s"],
	},
	"a TTL below zero": { text: "buffer: { ttl: -1s }\n", at: "1:16: buffer.ttl", says: ['"-1s"', "from 10ms to 168h"] },
	"a TTL in days": {
		text: "buffer: { ttl: 1d }\n",
		at: "1:16: buffer.ttl",
		says: ["written like 250ms, 10s, 5m or 1h"],
	},
	"a TTL with a space": { text: "buffer: { ttl: 10 m }\n", at: "1:16: buffer.ttl", says: ['"10 m"'] },
	"a policy that is misspelt": {
		text: "buffer: { policy: drop-oldes }\n",
		at: "1:19: buffer.policy",
		says: ["drop-oldest or drop-newest", "did you mean drop-oldest?"],
	},
	"a policy nobody knows": { text: "buffer: { policy: block }\n", at: "1:19: buffer.policy", says: ['"block"'] },
	"a format in capitals": {
		text: "publish: { format: CBOR }\n",
		at: "1:20: publish.format",
		says: ["did you mean cbor?"],
	},
	"a frame larger than what may be at risk": {
		text: "publish: { max_readings: 200, at_risk: 100 }\n",
		at: "1:26: publish.max_readings",
		says: ["found 200", "at most publish.at_risk, which is 100"],
	},
	"a linger beyond the TTL": {
		text: "publish: { linger: 10s }\nbuffer: { ttl: 5s }\n",
		at: "1:20: publish.linger",
		says: ["less than buffer.ttl, which is 5s", "expire"],
	},
	"a message larger than the window": {
		text: "publish: { max_bytes: 1000000 }\n",
		at: "1:23: publish.max_bytes",
		says: ["512 to 65536"],
	},
	"a rate below zero": { text: "publish: { max_rate: -1 }\n", at: "1:22: publish.max_rate", says: ["the number -1"] },
	"a rate that is no number": { text: "publish: { max_rate: .nan }\n", at: "1:22: publish.max_rate", says: ["NaN"] },
	"a status interval in microseconds": {
		text: "status: { interval: 1us }\n",
		at: "1:21: status.interval",
		says: ['"1us"'],
	},
	"a shutdown beyond the bound": { text: "shutdown_timeout: 1h\n", at: "1:19: shutdown_timeout", says: ["0ms to 5m"] },
	"a shutdown of null": { text: "shutdown_timeout: null\n", at: "1:19: shutdown_timeout", says: ["found nothing"] },
	"a log level nobody knows": {
		text: "log: { level: verbose }\n",
		at: "1:15: log.level",
		says: ["error, warn, info or debug"],
	},
	"http that is true": {
		text: "http: true\n",
		at: "1:7: http",
		says: ["found true", "allowed: false or a mapping of listen"],
	},
	"http that is off": { text: "http: off\n", at: "1:7: http", says: ['the text "off"', "write false"] },
	"a listen that is a number": {
		text: "http: { listen: 9464 }\n",
		at: "1:17: http.listen",
		says: ["the number 9464", "127.0.0.1:9464"],
	},
	"a listen without a port": { text: "http: { listen: localhost }\n", at: "1:17: http.listen", says: ["has no port"] },
	"a listen without a host": { text: 'http: { listen: ":9464" }\n', at: "1:17: http.listen", says: ["0.0.0.0:9464"] },
	"a listen on a port that cannot be": {
		text: "http: { listen: 127.0.0.1:99999 }\n",
		at: "1:17: http.listen",
		says: ["0 to 65535"],
	},
	"a listen on IPv6 without brackets": {
		text: 'http: { listen: "::1:9464" }\n',
		at: "1:17: http.listen",
		says: ["needs brackets"],
	},
	"a listen on no host": {
		text: "http: { listen: 1.2.3.400:80 }\n",
		at: "1:17: http.listen",
		says: ["no IPv4 address"],
	},
};

const broker: Record<string, Row> = {
	"mqtt that is text": {
		text: "mqtt: localhost\n",
		at: "1:7: mqtt",
		says: ["found text (not shown)", "a mapping of url, version"],
	},
	"mqtt that is a list": { text: "mqtt: [1]\n", at: "1:7: mqtt", says: ["found a list of 1"] },
	"a url without a scheme": {
		text: mqtt("url: localhost:1883"),
		at: "2:8: mqtt.url",
		says: ["write mqtt://localhost:1883"],
	},
	"a url with tcp": {
		text: mqtt("url: tcp://h:1"),
		at: "2:8: mqtt.url",
		says: ["found tcp://", "did you mean mqtt://?"],
	},
	"a url with https": { text: mqtt("url: https://h"), at: "2:8: mqtt.url", says: ["did you mean wss://?"] },
	"a url with a misspelt scheme": {
		text: mqtt("url: mqtss://h"),
		at: "2:8: mqtt.url",
		says: ["did you mean mqtts://?"],
	},
	"a url with a port that cannot be": {
		text: mqtt("url: mqtt://h:70000"),
		at: "2:8: mqtt.url",
		says: ["port is not from 1 to 65535"],
	},
	"a url with port 0": { text: mqtt("url: mqtt://h:0"), at: "2:8: mqtt.url", says: ["port is not from 1 to 65535"] },
	"a url without a host": { text: mqtt("url: mqtt://"), at: "2:8: mqtt.url", says: ["the host is missing"] },
	"a url with a path": { text: mqtt("url: mqtt://h/x"), at: "2:8: mqtt.url", says: ["host and port only"] },
	"a url with a fragment": { text: mqtt("url: wss://h/x#y"), at: "2:8: mqtt.url", says: ["a # part"] },
	"a url with a space": { text: mqtt('url: "mqtt://a b"'), at: "2:8: mqtt.url", says: ["a space"] },
	"a url with IPv6 without brackets": {
		text: mqtt("url: mqtt://fe80::1"),
		at: "2:8: mqtt.url",
		says: ["needs brackets"],
	},
	"a url with no IPv4 address": { text: mqtt("url: mqtt://300.1.1.1"), at: "2:8: mqtt.url", says: ["no IPv4 address"] },
	"a url with a bad host": { text: mqtt("url: mqtt://h_-"), at: "2:8: mqtt.url", says: ["the host is no name"] },
	"a url that is a number": {
		text: mqtt("url: 1883"),
		at: "2:8: mqtt.url",
		says: ["the number 1883", "mqtt://localhost:1883"],
	},
	"a url with credentials": {
		text: mqtt(`url: mqtt://gateway:${SECRET}@h`),
		at: "2:8: mqtt.url",
		says: ["credentials inside the url", "use username and password_file"],
	},
	"a url with credentials for mqtt itself": {
		text: `mqtt: mqtt://a:${SECRET}@h\n`,
		at: "1:7: mqtt",
		says: ["not shown"],
	},
	"credentials in a url from a variable": {
		text: mqtt(`url: \${BROKER}`),
		at: "2:8: mqtt.url",
		says: [`content of \${BROKER}`],
	},
	"a version nobody speaks": { text: mqtt("version: 3"), at: "2:12: mqtt.version", says: ["5, or 4 for MQTT 3.1.1"] },
	"a version in quotes": { text: mqtt('version: "5"'), at: "2:12: mqtt.version", says: ["without quotes"] },
	"a password in the file": {
		text: mqtt(`password: ${SECRET}`),
		at: "2:13: mqtt.password",
		says: ["does not stand in this file"],
	},
	"a password that is a number": { text: mqtt("password: 12345"), at: "2:13: mqtt.password", says: ["not shown"] },
	"a password that is partly in the file": {
		text: mqtt(`password: x\${PASSWORD}`),
		at: "2:13: mqtt.password",
		says: ["does not stand"],
	},
	"a password from a variable that is not set": {
		text: mqtt(`password: \${NOBODY}`),
		at: "2:13: mqtt.password",
		says: ["the environment variable NOBODY is not set"],
	},
	"a password from a variable that is empty": {
		text: mqtt(`password: \${EMPTY}`),
		at: "2:13: mqtt.password",
		says: ["is empty"],
	},
	"a variable that is not closed": {
		text: mqtt(`password: \${PASSWORD`),
		at: "2:13: mqtt.password",
		says: ["no variable's name"],
	},
	"a variable with a bad name": { text: `device: \${my device}\n`, at: "1:9: device", says: ["no variable's name"] },
	"a password and a password file": {
		text: mqtt(`username: u\n  password: \${PASSWORD}\n  password_file: /x`),
		at: "4:18: mqtt.password_file",
		says: ["one of password and password_file"],
	},
	"a password without a user in MQTT 3.1.1": {
		text: mqtt(`version: 4\n  password: \${PASSWORD}`),
		at: "3:13: mqtt.password",
		says: ["without username"],
	},
	"a password file that is a number": {
		text: mqtt("password_file: 5"),
		at: "2:18: mqtt.password_file",
		says: ["the path of a file"],
	},
	"a certificate without its key": {
		text: mqtt("url: mqtts://h\n  cert_file: /a"),
		at: "3:14: mqtt.cert_file",
		says: ["key_file is missing"],
	},
	"a key without its certificate": {
		text: mqtt("url: mqtts://h\n  key_file: /a"),
		at: "3:13: mqtt.key_file",
		says: ["cert_file is missing"],
	},
	"a CA for a connection that does not encrypt": {
		text: mqtt("url: mqtt://h\n  ca_file: /a"),
		at: "3:12: mqtt.ca_file",
		says: ["no effect with mqtt://", "mqtts://"],
	},
	"a prefix with +": { text: mqtt("prefix: a/+/b"), at: "2:11: mqtt.prefix", says: ["without + #"] },
	"a prefix with #": { text: mqtt('prefix: "a/#"'), at: "2:11: mqtt.prefix", says: ["without + #"] },
	"a prefix with NUL": { text: mqtt('prefix: "a\\0b"'), at: "2:11: mqtt.prefix", says: ["control characters"] },
	"a prefix that is empty": { text: mqtt('prefix: ""'), at: "2:11: mqtt.prefix", says: ["topic levels"] },
	"a prefix that begins with $": {
		text: mqtt("prefix: $SYS"),
		at: "2:11: mqtt.prefix",
		says: ["not beginning with $"],
	},
	"a prefix that begins with /": {
		text: mqtt("prefix: /a"),
		at: "2:11: mqtt.prefix",
		says: ["topic levels with / between them"],
	},
	"a prefix that ends with /": { text: mqtt("prefix: a/"), at: "2:11: mqtt.prefix", says: ["topic levels"] },
	"a client id that is empty": { text: mqtt('client_id: ""'), at: "2:14: mqtt.client_id", says: ["1 to 256"] },
	"a keepalive without a unit": {
		text: mqtt("keepalive: 30"),
		at: "2:14: mqtt.keepalive",
		says: ["a unit is missing: 30ms, 30s"],
	},
	"a keepalive with a part of a second": {
		text: mqtt("keepalive: 5500ms"),
		at: "2:14: mqtt.keepalive",
		says: ["steps of 1s"],
	},
	"a keepalive beyond 16 bits": { text: mqtt("keepalive: 19h"), at: "2:14: mqtt.keepalive", says: ["5s to 18h"] },
	"a reconnect that is a duration": {
		text: mqtt("reconnect: 5s"),
		at: "2:14: mqtt.reconnect",
		says: ["a mapping of min or max"],
	},
	"a reconnect that shrinks": {
		text: mqtt("reconnect: { min: 5s, max: 1s }"),
		at: "2:21: mqtt.reconnect.min",
		says: ["at most mqtt.reconnect.max, which is 1s"],
	},
};

const sources: Record<string, Row> = {
	"sources that are a mapping": {
		text: "sources: { env: {} }\n",
		at: "1:10: sources",
		says: ["a mapping of 1", "a list"],
	},
	"a source that is text": { text: "sources: [env]\n", at: "1:11: sources[0]", says: ["a mapping with name, type"] },
	"more sources than the bound": {
		text: `sources:\n${Array.from({ length: 65 }, (_, i) => `  - { name: s${i}, type: gpio, pin: GPIO${i} }\n`).join("")}`,
		at: "2:3: sources",
		says: ["a list of 65", "at most 64"],
	},
	"a source without a type": {
		text: "sources:\n  - name: a\n",
		at: "2:5: sources[0].type",
		says: ["is missing", "exec, gpio, hwmon", "sim, system or thermal"],
	},
	"a source of an unknown type": {
		text: "sources:\n  - { name: a, type: lorawan }\n",
		at: "2:22: sources[0].type",
		says: ["exec, gpio, hwmon", "sim, system or thermal"],
	},
	"a source of a misspelt type": {
		text: "sources:\n  - { name: a, type: gpoi }\n",
		at: "2:22: sources[0].type",
		says: ["did you mean gpio?"],
	},
	"a source of an inherited type": {
		text: "sources:\n  - { name: a, type: constructor }\n",
		at: "2:22: sources[0].type",
		says: ["exec, gpio, hwmon", "sim, system or thermal"],
	},
	"a source without a name": {
		text: "sources:\n  - { type: gpio, pin: GPIO17 }\n",
		at: "2:5: sources[0].name",
		says: ["is missing", "1 to 64"],
	},
	"a name with a dot": {
		text: "sources:\n  - { name: a.b, type: gpio, pin: GPIO17 }\n",
		at: "2:13: sources[0].name",
		says: ['"a.b"'],
	},
	"a name given twice": {
		text: "sources:\n  - { name: a, type: gpio, pin: GPIO17 }\n  - { name: a, type: gpio, pin: GPIO18 }\n",
		at: "3:13: sources[1].name",
		says: ['"a" is the name of another source already (line 2)'],
	},
	"a pin given twice": {
		text: "sources:\n  - { name: a, type: gpio, pin: GPIO17 }\n  - { name: b, type: gpio, pin: GPIO17 }\n",
		at: "3:33: sources[1].pin",
		says: ['"GPIO17" is the pin of another source already (line 2)'],
	},
	"a pin that is a number": {
		text: "sources:\n  - { name: a, type: gpio, pin: 17 }\n",
		at: "2:33: sources[0].pin",
		says: ["GPIO17", "in quotes"],
	},
	"a gpio source without a pin": {
		text: "sources:\n  - { name: a, type: gpio }\n",
		at: "2:5: sources[0].pin",
		says: ["is missing"],
	},
	"a mode that is misspelt": { text: gpio("mode: leve"), at: "2:50: sources[0].mode", says: ["did you mean level?"] },
	"a debounce without a unit": {
		text: gpio("debounce: 20"),
		at: "2:54: sources[0].debounce",
		says: ["a unit is missing: 20ms"],
	},
	"active_low that is yes": {
		text: gpio("active_low: yes"),
		at: "2:56: sources[0].active_low",
		says: ["true or false", "write true"],
	},
	"a baud rate in words": {
		text: serial("baud: fast"),
		at: "5:11: sources[0].baud",
		says: ['"fast"', "50 to 4000000"],
	},
	"a path that is no device file": {
		text: "sources:\n  - { name: a, type: serial, path: ttyUSB0 }\n",
		at: "2:36: sources[0].path",
		says: ["/dev/ttyUSB0"],
	},
	"a format of lines nobody knows": {
		text: serial("parse: { as: xml }"),
		at: "5:18: sources[0].parse.as",
		says: ["json, csv, kv, regex, nmea, line or binary"],
	},
	"a parse without a format": { text: serial("parse: {}"), at: "5:12: sources[0].parse.as", says: ["is missing"] },
	"a parse that is text": {
		text: serial("parse: csv"),
		at: "5:12: sources[0].parse",
		says: ["a mapping of as, fields"],
	},
	"data bits in quotes": {
		text: serial('data_bits: "8"'),
		at: "5:16: sources[0].data_bits",
		says: ["5, 6, 7 or 8", "without quotes"],
	},
	"a silence without a unit": {
		text: serial("silence: 60"),
		at: "5:14: sources[0].silence",
		says: ["a unit is missing: 60ms, 60s"],
	},
	"a limit that is empty": {
		text: serial("limits: { t: {} }"),
		at: "5:18: sources[0].limits.t",
		says: ["at least 1 entry"],
	},
	"a limit below zero": {
		text: serial("limits: { t: { deadband: -1 } }"),
		at: "5:30: sources[0].limits.t.deadband",
		says: ["at least 0"],
	},
	"an interval without a unit": {
		text: serial("limits: { t: { min_interval: 1 } }"),
		at: "5:34: sources[0].limits.t.min_interval",
		says: ["a unit is missing: 1ms, 1s"],
	},
	"a unit that is a number": {
		text: serial("units: { t: 5 }"),
		at: "5:17: sources[0].units.t",
		says: ["a unit of 1 to 32"],
	},
	"a unit of no stream": { text: serial('units: { "": a }'), at: '5:14: sources[0].units[""]', says: ["is no name"] },
	"units that are text": { text: serial("units: Cel"), at: "5:12: sources[0].units", says: ["a mapping"] },
	"a simulation without streams": { text: sim("rate: 5"), at: "2:5: sources[0].streams", says: ["is missing"] },
	"a simulation with no stream": {
		text: sim("streams: {}"),
		at: "2:38: sources[0].streams",
		says: ["a mapping of 0", "1 to 256"],
	},
	"a shape that is misspelt": {
		text: sim("streams: { t: { shape: sin } }"),
		at: "2:52: sources[0].streams.t.shape",
		says: ["did you mean sine?"],
	},
	"a rate of nothing": {
		text: sim("rate: 0, streams: { t: { shape: sine } }"),
		at: "2:35: sources[0].rate",
		says: ["the number 0"],
	},
	"a period beyond the bound": {
		text: sim("streams: { t: { shape: sine, period: 25h } }"),
		at: "2:66: sources[0].streams.t.period",
		says: ['"25h"', "1ms to 24h"],
	},
	"an unknown key behind one that is known": {
		text: sim("streams: { t: { shape: sine, perod: 5m } }"),
		at: "2:58: sources[0].streams.t.perod",
		says: ["did you mean period?"],
	},
};

const wrong = suite("wrong configurations");

for (const [name, row] of Object.entries({ ...text, ...keys, ...general, ...broker, ...sources })) {
	wrong(`refuses ${name}`, () => {
		const loaded = loadConfig(row.text, "tallywire.yaml", testEnvironment());
		assert.not(loaded.ok, "it must not load");
		if (loaded.ok) return;
		const places = loaded.errors.map(({ line, column, path }) => `${line}:${column}: ${path}`);
		assert.equal(places, [row.at], loaded.errors.map(({ message }) => message).join("\n"));
		const [error] = loaded.errors;
		for (const words of row.says) assert.ok(error?.message.includes(words), `"${words}" in "${error?.message}"`);
		assert.not.match(JSON.stringify(loaded.errors), SECRET);
		assert.is(error?.file, "tallywire.yaml");
	});
}

wrong("tells all errors at once, in the order of the file", () => {
	const all =
		"device: 5\nmqtt:\n  url: tcp://h\n  passwort: x\nbuffer: { ttl: 10 }\nsources:\n  - { type: sim }\nlog: { level: 1 }\n";
	const loaded = loadConfig(all, "f", testEnvironment());
	assert.not(loaded.ok);
	if (loaded.ok) return;
	assert.equal(
		loaded.errors.map(({ line, path }) => `${line} ${path}`),
		[
			"1 device",
			"3 mqtt.url",
			"4 mqtt.passwort",
			"5 buffer.ttl",
			"7 sources[0].name",
			"7 sources[0].streams",
			"8 log.level",
		],
	);
});

wrong("checks what every source has even where the type is unknown", () => {
	const loaded = loadConfig("sources:\n  - { name: a b, type: x, limits: { t: 1 } }\n", "f", testEnvironment());
	assert.not(loaded.ok);
	if (loaded.ok) return;
	assert.equal(
		loaded.errors.map(({ path }) => path),
		["sources[0].name", "sources[0].type", "sources[0].limits.t"],
	);
});

wrong("takes no longer for a file with many keys", () => {
	const lines = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join("\n");
	assert.ok(lines.length < FILE_BYTES_MAX);
	const loaded = loadConfig(lines, "f", testEnvironment());
	assert.not(loaded.ok);
	if (!loaded.ok) assert.is(loaded.errors.length, 100);
});

wrong.run();

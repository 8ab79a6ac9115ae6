// Why a connection, or the attempt at one, came to its end: what a broker's refusal means, and an error in a person's
// words. The agent and the consuming commands say the same, but for what the person may change.

/** CONNACK codes that mean "not this version": MQTT 3.1.1 table 3.1, MQTT 5.0 table 3-1. */
const VERSION_REFUSED: readonly unknown[] = [1, 132];
/** Client id refused, bad user or password, not authorized, banned, bad authentication method. */
const AUTH_REFUSED: readonly unknown[] = [2, 4, 5, 133, 134, 135, 138, 140];
/** OpenSSL's names of the TLS alerts (RFC 8446, 6.2) with which a broker turns our certificate, or having none, away. */
const CERTIFICATE_REFUSED = /^ERR_SSL_\w+_ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/;

export interface ConnectionEnd {
	/** One line for a person. */
	readonly reason: string;
	/** Whether it was closed without a word or an error. */
	readonly silent: boolean;
	/** Whether the broker refused this version of MQTT. */
	readonly versionRefused: boolean;
	/** Whether the broker refused who we are (user, password, certificate, client id). */
	readonly authRefused: boolean;
}

/** Closed without a word or an error. */
const CLOSED: ConnectionEnd = {
	reason: "connection closed",
	silent: true,
	versionRefused: false,
	authRefused: false,
};

/** The end for a reason, and what a code of CONNACK, TLS or the system, if there is one, refuses. */
export function connectionEnd(reason: string, code?: unknown): ConnectionEnd {
	return {
		reason,
		silent: false,
		versionRefused: VERSION_REFUSED.includes(code),
		authRefused: AUTH_REFUSED.includes(code) || CERTIFICATE_REFUSED.test(String(code)),
	};
}

/** An error of the system, of TLS or of MQTT.js; a refusal's `code` is a number. */
export type ConnectionError = Error & { readonly code?: unknown };

/** What a person sets to give the authority of the broker's certificate, and our own certificate. */
export interface CertificateSettings {
	readonly ca: string;
	readonly cert: string;
}

/** The end after the first error of a connection, or after none. */
export function endAfter(error: ConnectionError | null, settings: CertificateSettings): ConnectionEnd {
	return error === null ? CLOSED : connectionEnd(describe(error, settings), error.code);
}

/** How MQTT.js ends a message about a code that it has no word for. */
const UNNAMED_CODE = /: undefined$/;

/** An error in a person's words, in one line. */
function describe(error: ConnectionError, settings: CertificateSettings): string {
	switch (error.code) {
		case "ECONNREFUSED":
			return "connection refused: no broker listens there";
		case "ENOTFOUND":
		case "EAI_AGAIN":
			return "the broker's name does not resolve";
		case "ECONNRESET":
			return "connection reset by the broker or the network";
		case "ETIMEDOUT":
		case "EHOSTUNREACH":
		case "ENETUNREACH":
			return "the broker's address cannot be reached";
		case "EMFILE":
		case "ENFILE":
			return "no file descriptor is left to connect with: raise LimitNOFILE, or ulimit -n";
		case "EBUSY": // what glibc says of a look-up that could open no file
			return "the broker's name cannot be looked up: is no file descriptor left?";
		case "CERT_NOT_YET_VALID":
			return "the broker's certificate is not yet valid: is this machine's clock right?";
		case "CERT_HAS_EXPIRED":
			return "the broker's certificate has expired";
		case "ERR_TLS_CERT_ALTNAME_INVALID":
			return "the broker's certificate is for another host name";
		case "SELF_SIGNED_CERT_IN_CHAIN":
		case "DEPTH_ZERO_SELF_SIGNED_CERT":
		case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
		case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
			return `the broker's certificate is not from an authority we know: set ${settings.ca}`;
		default:
			if (CERTIFICATE_REFUSED.test(String(error.code)))
				return `the broker refuses our certificate: see ${settings.cert}`;
			if (UNNAMED_CODE.test(error.message)) return error.message.replace(UNNAMED_CODE, `, code ${error.code}`);
			return error.message || String(error.code ?? "connection failed");
	}
}
